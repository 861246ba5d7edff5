import { aborted, orAborted } from '../../async/aborted.ts'
import { type SigningKey, sealBody } from '../../protocol/envelope.ts'
import type { CommandMessage } from '../../protocol/messages.ts'
import { pause } from '../../queues/backOff.ts'
import { QueueError } from '../../queues/queueError.ts'
import type { Queues, ReceivedMessage } from '../../queues/queues.ts'
import { LocalizableError, say } from '../../text/localizable.ts'
import type { Publication } from '../engine/transport.ts'

/** SQS gives at most so many messages at a time; that many mean that there are more. */
const fullAnswer = 10

/** What one reading of a withdrawal hides others' commands for, at most, before it puts them back: seconds. */
const withdrawHideSeconds = 2

/** A reading takes no longer than that, or it would read the same messages again, milliseconds. */
const readingMs = 1_500

/**
 * Pauses before the readings of one withdrawal, milliseconds. SQS need not show every message to each receive, and a withdrawal
 * of another run hides ours for a moment before it puts it back.
 */
const withdrawPausesMs = [0, 0, 100, 300, 600, 1_000]

/** A command that SQS did not take for a reason that may pass is sent this often in all. Agents know it when it came twice. */
const sendTries = 4

/** What was not found in a whole withdrawal, and is older than this, has expired: the retention of the queue, milliseconds. */
const expiredAfterMs = 60_000

/** A message that was sent, or may have been. */
export interface Sent {
  /** When SQS took it, or was told of it: milliseconds since the epoch, our clock. */
  readonly at: number
  /** About a run, rather than the run's command itself. */
  readonly isControl: boolean
}

/** The commands of one run on the environment's broadcast queue: publishes them, and takes them away when it is over. */
export class Broadcast {
  readonly #queues: Queues
  readonly #queue: string
  readonly #key: SigningKey | undefined
  /** By message id. */
  readonly #published = new Map<string, Sent>()
  /** Bodies that SQS may have taken without saying so: they are known by what they say. */
  readonly #doubtful = new Map<string, Sent>()

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
    const isControl = command.action.kind === 'cancel' || command.action.kind === 'resend'
    for (const [index, body] of bodies.entries()) {
      if (signal.aborted) return index === 0 ? 'not-sent' : 'interrupted'
      try {
        await this.#send(body, { at: Date.now(), isControl }, signal)
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
   * @param which only these
   * @returns how many of them are left, for the next time
   * @throws QueueError when SQS refuses: what is left then is for the next time, too
   */
  async withdraw(signal?: AbortSignal, which: (sent: Sent) => boolean = () => true): Promise<number> {
    const wanted = chosen(this.#published, which)
    const doubtful = chosen(this.#doubtful, which)
    try {
      for (const pauseMs of withdrawPausesMs) {
        // Whether SQS has one that is doubtful, and how often, nobody can say: it is looked for to the end.
        if (wanted.size === 0 && doubtful.size === 0) break
        if (pauseMs > 0) await pause(pauseMs * (0.5 + Math.random()), signal)
        await this.#read(wanted, doubtful, signal)
      }
      return putBack(this.#published, wanted) + putBack(this.#doubtful, doubtful)
    } catch (error) {
      for (const [messageId, sent] of wanted) this.#published.set(messageId, sent)
      for (const [body, sent] of doubtful) this.#doubtful.set(body, sent)
      throw error
    }
  }

  /** Reads the queue once, as far as SQS shows it, and deletes the messages with these ids or these bodies. */
  async #read(
    wanted: Map<string, Sent>,
    doubtful: ReadonlyMap<string, Sent>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const isOurs = ({ messageId, body }: ReceivedMessage) => wanted.has(messageId) || doubtful.has(body)
    const options = { waitSeconds: 0, visibilitySeconds: withdrawHideSeconds }
    const readUntil = performance.now() + readingMs
    // Hidden for as long as it goes on: or each receive would bring the same ones.
    const others: ReceivedMessage[] = []
    let isMore = true
    try {
      while (isMore && (wanted.size > 0 || doubtful.size > 0) && performance.now() < readUntil) {
        const received = await this.#queues.receive(this.#queue, options, signal)
        const ours = received.filter(isOurs)
        others.push(...received.filter((message) => !isOurs(message)))
        await this.#queues.delete(this.#queue, ours, signal)
        for (const { messageId } of ours) wanted.delete(messageId)
        isMore = received.length === fullAnswer
      }
    } finally {
      await this.#queues.release(this.#queue, others, signal)
    }
  }

  async #send(body: string, sent: Sent, signal: AbortSignal): Promise<void> {
    this.#doubtful.set(body, sent)
    try {
      const { messageId } = await this.#queues.send(this.#queue, body, signal, sendTries)
      this.#doubtful.delete(body)
      this.#published.set(messageId, { ...sent, at: Date.now() })
    } catch (error) {
      if (error instanceof QueueError && error.kind !== 'network') this.#doubtful.delete(body)
      throw error
    }
  }
}

/** Takes them out. */
function chosen(from: Map<string, Sent>, which: (sent: Sent) => boolean): Map<string, Sent> {
  const found = new Map([...from].filter(([, sent]) => which(sent)))
  for (const key of found.keys()) from.delete(key)
  return found
}

/** Remembers what may still be there; says how many that are. */
function putBack(to: Map<string, Sent>, left: ReadonlyMap<string, Sent>): number {
  const alive = [...left].filter(([, { at }]) => Date.now() - at < expiredAfterMs)
  for (const [key, sent] of alive) to.set(key, sent)
  return alive.length
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
