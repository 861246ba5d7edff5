import { Memory } from './memory.ts'
import type { WireAnswer, WireRequest } from './wire.ts'

/** Messages whose sender is remembered. */
const remembered = 200_000

/** Who sent which message: several principals on a server that knows only one. */
export class Senders {
  readonly #ids: Readonly<Record<string, string>>
  readonly #senders = new Memory<string>(remembered)
  readonly #underWay = new Set<Promise<void>>()

  /** @param ids `SenderId` by access key id */
  constructor(ids: Readonly<Record<string, string>>) {
    this.#ids = ids
  }

  /** Passes on what became of a send, and keeps who it was. */
  async note(request: WireRequest, sending: Promise<WireAnswer>): Promise<WireAnswer> {
    const senderId = this.#ids[request.principal]
    if (senderId === undefined) return sending
    const noted = sending
      .then(({ body }) => {
        const { MessageId, Successful = [] } = JSON.parse(body.toString('utf8')) as {
          MessageId?: string
          Successful?: { MessageId: string }[]
        }
        for (const id of [MessageId, ...Successful.map((entry) => entry.MessageId)]) {
          if (id !== undefined) this.#senders.learn(id, senderId)
        }
      })
      .catch(() => {})
      .finally(() => this.#underWay.delete(noted))
    this.#underWay.add(noted)
    await noted
    return sending
  }

  /** A message may be met before the answer to its sender is here: waits for that. */
  async of(messageIds: readonly string[]): Promise<(string | undefined)[]> {
    if (messageIds.some((id) => this.#senders.get(id) === undefined)) await Promise.all(this.#underWay)
    return messageIds.map((id) => this.#senders.get(id))
  }
}
