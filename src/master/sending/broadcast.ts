import { aborted, orAborted } from '../../async/aborted.ts'
import { type SigningKey, sealBody } from '../../protocol/envelope.ts'
import type { CommandMessage } from '../../protocol/messages.ts'
import { pause } from '../../queues/backOff.ts'
import { QueueError } from '../../queues/queueError.ts'
import type { Queues, ReceivedMessage } from '../../queues/queues.ts'
import { retry } from '../../queues/retry.ts'
import { LocalizableError, say } from '../../text/localizable.ts'
import type { Publication } from '../engine/transport.ts'

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
  /** Bodies that SQS may have taken without saying so: they are known by what they say. */
  readonly #doubtful = new Set<string>()

  constructor(queues: Queues, queue: string, key: SigningKey | undefined) {
    this.#queues = queues
    this.#queue = queue
    this.#key = key
  }

  /**
   * Sends the command, in several messages when its list of targets is too long for one.
   * @param signal ends it at once, also in the midst of a request
   * @throws QueueError when SQS refuses; Error when the command itself does not fit into a message
   */
  async publish(command: CommandMessage, signal: AbortSignal): Promise<Publication> {
    const limit = await orAborted(this.#queues.maximumMessageSize(this.#queue, signal), signal)
    if (limit === aborted) return 'not-sent'
    // All of them are made before the first one is sent: either all fit, or nobody hears of it.
    const bodies = [...commandBodies(command, limit, this.#key)]
    for (const [index, body] of bodies.entries()) {
      if (signal.aborted) return index === 0 ? 'not-sent' : 'interrupted'
      try {
        await this.#send(body, signal)
      } catch (error) {
        if (signal.aborted) return 'interrupted'
        throw error
      }
    }
    return 'sent'
  }

  /**
   * Deletes what was published. SQS deletes by the handle of the latest receive only, and with agents receiving all the
   * time ours would be stale: so the messages are hidden for the moment that it takes. Best effort: what is left
   * expires with the queue's retention, and no agent executes it twice. What is published meanwhile stays.
   * @throws QueueError when SQS refuses: what is left then is for the next time
   */
  async withdraw(signal?: AbortSignal): Promise<void> {
    const wanted = new Set(this.#published)
    const doubtful = new Set(this.#doubtful)
    this.#published.clear()
    this.#doubtful.clear()
    try {
      await this.#take(wanted, doubtful, signal)
    } catch (error) {
      for (const messageId of wanted) this.#published.add(messageId)
      for (const body of doubtful) this.#doubtful.add(body)
      throw error
    }
  }

  /** Deletes the messages with these ids or these bodies, as far as they are found. */
  async #take(wanted: Set<string>, doubtful: Set<string>, signal: AbortSignal | undefined): Promise<void> {
    for (const pauseMs of withdrawPausesMs) {
      // Whether SQS has one that is doubtful, and how often, nobody can say: it is looked for to the end.
      if (wanted.size === 0 && doubtful.size === 0) return
      if (pauseMs > 0) await pause(pauseMs * (0.5 + Math.random()), signal)
      const options = { waitSeconds: 0, visibilitySeconds: withdrawHideSeconds }
      const received = await this.#queues.receive(this.#queue, options, signal)
      const isOurs = ({ messageId, body }: ReceivedMessage) => wanted.has(messageId) || doubtful.has(body)
      const ours = received.filter(isOurs)
      const others = received.filter((message) => !isOurs(message))
      await Promise.all([
        ours.length > 0 && this.#queues.delete(this.#queue, ours, signal),
        others.length > 0 && this.#queues.release(this.#queue, others, signal),
      ])
      for (const { messageId } of ours) wanted.delete(messageId)
    }
  }

  async #send(body: string, signal: AbortSignal): Promise<void> {
    this.#doubtful.add(body)
    const send = () => this.#queues.send(this.#queue, body, signal)
    try {
      const { messageId } = await retry(sendTries, send, signal)
      this.#doubtful.delete(body)
      this.#published.add(messageId)
    } catch (error) {
      if (error instanceof QueueError && error.kind !== 'network') this.#doubtful.delete(body)
      throw error
    }
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
    throw new LocalizableError(
      say(
        'This command takes {0} bytes, and the MaximumMessageSize of the queue is {1}. Raise it (SQS allows 1,048,576) or send a smaller script.',
        body.length,
        limit,
      ),
    )
  }
  const half = Math.ceil(targets.length / 2)
  yield* commandBodies({ ...command, targets: targets.slice(0, half) }, limit, key)
  yield* commandBodies({ ...command, targets: targets.slice(half) }, limit, key)
}
