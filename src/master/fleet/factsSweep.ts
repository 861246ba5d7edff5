import { openBody } from '../../protocol/envelope.ts'
import type { FactsMessage } from '../../protocol/messages.ts'
import type { Environment } from '../../queues/environment.ts'
import type { QueueError } from '../../queues/queueError.ts'
import type { Queues, ReceivedMessage } from '../../queues/queues.ts'
import { type Localizable, LocalizableError, say, sentenceOf } from '../../text/localizable.ts'
import type { Inventory } from './inventory.ts'
import { sweepQueue } from './queueSweep.ts'
import { isSaidAfter, type SaidFacts } from './sighting.ts'
import type { SweepResult } from './sweepResult.ts'
import type { SweepTime } from './sweepTime.ts'
import type { SweepReader } from './sweptMessages.ts'

/** Who is new is looked for to the end of the queue when that was last done longer ago than this, milliseconds. */
const provedForMs = 30_000

/** A message that is ignored. */
export interface UnreadableMessage {
  readonly messageId: string
  readonly reason: Localizable
}

/** The result of a sweep. */
export interface Sweep extends SweepResult {
  readonly unreadable: readonly UnreadableMessage[]
  /** Messages could not be put back: other masters see them some seconds later. */
  readonly notPutBack: QueueError | undefined
}

/**
 * Reads the whole facts queue into the inventory, see {@link sweepQueue}. Messages that are superseded by newer ones of the
 * same agent are deleted, which keeps the next sweep short. After a sweep that has read the queue to its
 * end, those of the next 30 s are content with meeting all known agents again, which saves time and requests.
 * @throws QueueError when the queue cannot be read
 */
export async function sweepFacts(
  queues: Pick<Queues, 'receive' | 'attributes' | 'delete' | 'release'>,
  environment: Pick<Environment, 'name' | 'queues'>,
  inventory: Inventory,
  sqsNow: () => number,
  signal?: AbortSignal,
  time?: SweepTime,
): Promise<Sweep> {
  const { look } = inventory.snapshot()
  const reader = new FactsReader(environment.name, inventory)
  const wasProved = look.kind === 'complete' && reader.hadAgents
  let notPutBack: QueueError | undefined
  const result = await sweepQueue({
    ...{ queues, queue: environment.queues.facts, reader, signal, time },
    sqsNow: sqsNow(),
    knows: !wasProved ? 'nobody' : sqsNow() - look.at < provedForMs ? 'all' : 'some',
    onNotPutBack: (error) => {
      notPutBack = error
    },
  })
  const { end } = result
  if (end !== 'known') inventory.looked({ kind: end === 'proved' ? 'complete' : 'unsure', at: sqsNow() })
  return { ...result, unreadable: reader.unreadable, notPutBack }
}

/** Reads facts into the inventory. */
class FactsReader implements SweepReader {
  readonly #environment: string
  readonly #inventory: Inventory
  /** Agents that should be found. */
  readonly #awaited: Set<string>
  readonly #latest = new Map<string, SaidFacts & { readonly received: ReceivedMessage }>()
  readonly hadAgents: boolean
  readonly unreadable: UnreadableMessage[] = []

  constructor(environment: string, inventory: Inventory) {
    this.#environment = environment
    this.#inventory = inventory
    const live = inventory.agents().filter(({ state }) => state === 'live')
    this.#awaited = new Set(live.map(({ agentId }) => agentId))
    this.hadAgents = this.#awaited.size > 0
  }

  get hasAll(): boolean {
    return this.hadAgents && this.#awaited.size === 0
  }

  read(message: ReceivedMessage): { from: string; superseded: ReceivedMessage[] } {
    try {
      const facts = factsOf(message, this.#environment, this.#inventory)
      const { agentId } = facts
      this.#awaited.delete(agentId)
      this.#inventory.recordFacts(facts, message.sentAt, message.senderId)
      const said = { message: facts, sentAt: message.sentAt, received: message }
      const other = this.#latest.get(agentId)
      const isNewer = other === undefined || isSaidAfter(said, other)
      if (isNewer) this.#latest.set(agentId, said)
      return {
        from: agentId,
        superseded: other === undefined ? [] : [isNewer ? other.received : message],
      }
    } catch (error) {
      const { messageId } = message
      this.unreadable.push({ messageId, reason: sentenceOf(error) })
      return { from: messageId, superseded: [] }
    }
  }
}

function factsOf(message: ReceivedMessage, environment: string, inventory: Inventory): FactsMessage {
  const facts = openBody(message.body, 'facts').message
  // Agents of another environment refuse our commands.
  if (facts.environment !== environment)
    throw new LocalizableError(say('facts of environment {0}', facts.environment))
  if (inventory.identify(facts.agentId, message.senderId) === 'mismatch') {
    throw new LocalizableError(
      say(
        'facts under the name of {0}, sent by {1}',
        facts.agentId,
        message.senderId ?? say('an unknown sender'),
      ),
    )
  }
  return facts
}
