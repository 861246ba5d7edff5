import { type SigningKey, sealBody } from '../../protocol/envelope.ts'
import type { CommandMessage } from '../../protocol/messages.ts'
import { pause } from '../../queues/backOff.ts'
import type { Queues } from '../../queues/queues.ts'
import { retry } from '../../queues/retry.ts'

/** What a withdrawal hides others' commands for, at most, before it puts them back: seconds. */
const withdrawHideSeconds = 2

/**
 * Pauses before the receives of one withdrawal, milliseconds. SQS need not show every message to each receive, and a withdrawal
 * of another run hides ours for a moment before it puts it back.
 */
const withdrawPausesMs = [0, 0, 100, 300, 600, 1_000]

/** A command that SQS did not take for a reason that may pass is sent so often. Agents know it when it came twice. */
const sendTries = 4

/** The commands of one run on the environment's broadcast queue: publishes them, and takes them away when it is over. */
export class Broadcast {
  readonly #queues: Queues
  readonly #queue: string
  readonly #key: SigningKey | undefined
  readonly #published = new Set<string>()

  constructor(queues: Queues, queue: string, key: SigningKey | undefined) {
    this.#queues = queues
    this.#queue = queue
    this.#key = key
  }

  /**
   * Sends the command, in several messages when its list of targets is too long for one.
   * @throws QueueError when SQS refuses; Error when the command itself does not fit into a message
   */
  async publish(command: CommandMessage, signal?: AbortSignal): Promise<void> {
    const limit = await this.#queues.maximumMessageSize(this.#queue, signal)
    // All of them are made before the first one is sent: either all fit, or nobody hears of it.
    for (const body of [...commandBodies(command, limit, this.#key)]) await this.#send(body, signal)
  }

  /**
   * Deletes what was published. SQS deletes by the handle of the latest receive only, and with agents receiving all the
   * time ours would be stale: so the messages are hidden for the moment that it takes. Best effort: what is left
   * expires with the queue's retention, and no agent executes it twice. What is published meanwhile stays.
   * @throws QueueError when SQS refuses: what is left then is for the next time
   */
  async withdraw(signal?: AbortSignal): Promise<void> {
    const wanted = new Set(this.#published)
    this.#published.clear()
    try {
      await this.#take(wanted, signal)
    } catch (error) {
      for (const messageId of wanted) this.#published.add(messageId)
      throw error
    }
  }

  /** Deletes the messages that are wanted, as far as they are found. */
  async #take(wanted: Set<string>, signal: AbortSignal | undefined): Promise<void> {
    for (const pauseMs of withdrawPausesMs) {
      if (wanted.size === 0) return
      if (pauseMs > 0) await pause(pauseMs * (0.5 + Math.random()), signal)
      const options = { waitSeconds: 0, visibilitySeconds: withdrawHideSeconds }
      const received = await this.#queues.receive(this.#queue, options, signal)
      const ours = received.filter(({ messageId }) => wanted.has(messageId))
      const others = received.filter(({ messageId }) => !wanted.has(messageId))
      await Promise.all([
        ours.length > 0 && this.#queues.delete(this.#queue, ours, signal),
        others.length > 0 && this.#queues.release(this.#queue, others, signal),
      ])
      for (const { messageId } of ours) wanted.delete(messageId)
    }
  }

  async #send(body: string, signal: AbortSignal | undefined): Promise<void> {
    const send = () => this.#queues.send(this.#queue, body, signal)
    const { messageId } = await retry(sendTries, send, signal)
    this.#published.add(messageId)
  }
}

/** One body, or as many as it takes for the targets to fit. */
function* commandBodies(
  command: CommandMessage,
  limit: number,
  key: SigningKey | undefined,
): Generator<string> {
  const body = sealBody(command, undefined, key)
  if (body.length <= limit) {
    yield body
    return
  }
  const targets = command.targets ?? []
  if (targets.length < 2) {
    throw new Error(
      `This command takes ${body.length} bytes, and the queue's MaximumMessageSize is ${limit}. Raise it (SQS allows 1,048,576) or send a smaller script.`,
    )
  }
  const half = Math.ceil(targets.length / 2)
  yield* commandBodies({ ...command, targets: targets.slice(0, half) }, limit, key)
  yield* commandBodies({ ...command, targets: targets.slice(half) }, limit, key)
}
