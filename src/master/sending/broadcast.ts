import { aborted, orAborted } from '../../async/aborted.ts'
import type { CommandMessage } from '../../protocol/messages.ts'
import { pause } from '../../queues/backOff.ts'
import { QueueError } from '../../queues/queueError.ts'
import type { Queues, ReceivedMessage } from '../../queues/queues.ts'
import type { Signer } from '../../signing/signer.ts'
import type { Look, Publication } from '../engine/transport.ts'
import { type CommandDraft, commandDrafts } from './commandDrafts.ts'
import { lookForCommand } from './commandLook.ts'

/** How long one pass of a withdrawal hides other commands at most before it puts them back, seconds. */
const withdrawHideSeconds = 2

/** A pass takes at most this long, milliseconds: in more time it would receive the same messages again. */
const readingMs = 1_500

/**
 * Pauses before the passes of one withdrawal, milliseconds. A receive may not return every message, and the withdrawal of
 * another run hides ours for a moment before it puts them back.
 */
const withdrawPausesMs = [0, 0, 100, 300, 600, 1_000]

/** Tries to send a command after errors that may pass. Agents recognise a command that arrives twice. */
const sendTries = 4

/** A message that a complete withdrawal did not find, and that is older than the queue's retention, has expired. Milliseconds. */
const expiredAfterMs = 60_000

/** A message that expires during a look, or by SQS's clock already, is not looked for. Milliseconds. */
const expiresSoonMs = 5_000

/** A message that was sent, or may have been. */
export interface Sent {
  /** When SQS accepted it, or it was sent to SQS: milliseconds since the epoch, our clock. */
  readonly at: number
  /** Whether it is a control message rather than the run's command. */
  readonly isControl: boolean
  /** The agents that it names; undefined: it names nobody. */
  readonly targets: readonly string[] | undefined
}

interface SealedCommand {
  readonly body: string
  readonly targets: CommandDraft['targets']
}

/** The commands of one run on the environment's broadcast queue: publishes them, and withdraws them when it is over. */
export class Broadcast {
  readonly #queues: Queues
  readonly #queue: string
  readonly #signer: Signer | undefined
  readonly #onSender: (senderId: string) => void
  /** By message id. */
  readonly #published = new Map<string, Sent>()
  /** Bodies that SQS may have accepted without a response, so that only the body identifies them. */
  readonly #doubtful = new Map<string, Sent>()

  /** @param onSender called with the `SenderId` of a message of ours that came back */
  constructor(
    queues: Queues,
    queue: string,
    signer: Signer | undefined,
    onSender: (senderId: string) => void = () => {},
  ) {
    this.#queues = queues
    this.#queue = queue
    this.#signer = signer
    this.#onSender = onSender
  }

  /** Messages that were published and not withdrawn, or may have been. */
  get size(): number {
    return this.#published.size + this.#doubtful.size
  }

  /**
   * Sends the command, in several messages when its list of targets is too long for one.
   * @param signal aborts it at once, also during a request
   * @throws QueueError when SQS refuses; Error when the command is too large for a message, or cannot be signed
   */
  async publish(command: CommandMessage, signal: AbortSignal): Promise<Publication> {
    const limit = await orAborted(this.#queues.maximumMessageSize(this.#queue, signal), signal)
    if (limit === aborted) return 'not-sent'
    // All of them are made before the first one is sent: if one is too large or not signed, nothing is sent.
    const drafts = commandDrafts(command, limit, this.#signer?.name)
    const bodies = await orAborted(this.#seal(drafts, signal), signal)
    if (bodies === aborted) return 'not-sent'
    const isControl = command.action.kind === 'cancel' || command.action.kind === 'resend'
    for (const [index, { body, targets }] of bodies.entries()) {
      if (signal.aborted) return index === 0 ? 'not-sent' : 'interrupted'
      try {
        await this.#send(body, { at: Date.now(), isControl, targets }, signal)
      } catch (error) {
        if (signal.aborted) return 'interrupted'
        throw error
      }
    }
    return 'sent'
  }

  /**
   * Deletes what was published. SQS deletes only by the handle of the latest receive, and as agents receive all the time,
   * ours would be outdated: so the messages are hidden for the moment that it takes. Best effort: the rest expires with the
   * queue's retention, and no agent executes it twice. Messages published during this call stay.
   * @param which selects the messages to delete
   * @returns how many of them are left for the next call
   * @throws QueueError when SQS refuses: the rest is left for the next call, too
   */
  async withdraw(signal?: AbortSignal, which: (sent: Sent) => boolean = () => true): Promise<number> {
    const wanted = chosen(this.#published, which)
    const doubtful = chosen(this.#doubtful, which)
    try {
      for (const pauseMs of withdrawPausesMs) {
        // It is unknown whether SQS has a doubtful one, and how often: all passes look for it.
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

  /**
   * Whether a receive brings a message for each of these agents, of those that SQS has accepted after `since`.
   * @throws QueueError
   */
  look(isControl: boolean, agentIds: readonly string[], since: number, signal: AbortSignal): Promise<Look> {
    const from = Math.max(since, Date.now() - expiredAfterMs + expiresSoonMs)
    const sought = [...this.#published]
      .filter(([, sent]) => sent.isControl === isControl && sent.at >= from)
      .map(([messageId, { targets }]) => ({ messageId, targets }))
    return lookForCommand(this.#queues, this.#queue, sought, agentIds, signal)
  }

  /** One after the other, as a person may have to confirm each signature. */
  async #seal(drafts: readonly CommandDraft[], signal: AbortSignal): Promise<SealedCommand[]> {
    const signer = this.#signer
    const sealed: SealedCommand[] = []
    for (const { draft, targets } of drafts) {
      const body =
        signer === undefined
          ? draft.unsigned
          : draft.signedBy(signer.name, await signer.sign(draft.bytesToSign(), signal))
      sealed.push({ body, targets })
    }
    return sealed
  }

  /** One pass over the queue: deletes the messages with these ids or bodies. */
  async #read(
    wanted: Map<string, Sent>,
    doubtful: ReadonlyMap<string, Sent>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const isOurs = ({ messageId, body }: ReceivedMessage) => wanted.has(messageId) || doubtful.has(body)
    const options = { waitSeconds: 0, visibilitySeconds: withdrawHideSeconds }
    const readUntil = performance.now() + readingMs
    // Kept hidden during the pass: otherwise each receive would return the same ones.
    const others: ReceivedMessage[] = []
    let isMore = true
    try {
      while (isMore && (wanted.size > 0 || doubtful.size > 0) && performance.now() < readUntil) {
        const received = await this.#queues.receive(this.#queue, options, signal)
        const ours = received.filter(isOurs)
        others.push(...received.filter((message) => !isOurs(message)))
        await this.#queues.delete(this.#queue, ours, signal)
        for (const { messageId, senderId } of ours)
          if (wanted.delete(messageId) && senderId !== undefined) this.#onSender(senderId)
        // SQS may bring them one by one: only an empty answer is the end.
        isMore = received.length > 0
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

/** Removes the selected entries, and returns them. */
function chosen(from: Map<string, Sent>, which: (sent: Sent) => boolean): Map<string, Sent> {
  const found = new Map([...from].filter(([, sent]) => which(sent)))
  for (const key of found.keys()) from.delete(key)
  return found
}

/** Puts back the messages that may still be on the queue; returns their number. */
function putBack(to: Map<string, Sent>, left: ReadonlyMap<string, Sent>): number {
  const alive = [...left].filter(([, { at }]) => Date.now() - at < expiredAfterMs)
  for (const [key, sent] of alive) to.set(key, sent)
  return alive.length
}
