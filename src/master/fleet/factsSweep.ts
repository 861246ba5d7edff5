import { type Opened, openBody } from '../../protocol/envelope.ts'
import type { Environment } from '../../queues/environment.ts'
import type { QueueError } from '../../queues/queueError.ts'
import type { Queues, ReceivedMessage } from '../../queues/queues.ts'
import { type Localizable, LocalizableError, say, sentenceOf } from '../../text/localizable.ts'
import { isOwnInstance } from '../identity/identity.ts'
import { FactsBySender, type FactsOfSender } from './factsBySender.ts'
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
  readonly senderId: string | undefined
  readonly reason: Localizable
}

/** More unreadable messages than this are not named by a sweep. */
const mostUnreadable = 1_000

/** The result of a sweep. */
export interface Sweep extends SweepResult {
  /** The first 1,000. */
  readonly unreadable: readonly UnreadableMessage[]
  readonly problems: readonly FactsOfSender[]
  /** Why messages could not be put back, so that other masters see them some seconds later, or superseded ones deleted. */
  readonly notPutBack: readonly QueueError[]
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
  const notPutBack: QueueError[] = []
  const result = await sweepQueue({
    ...{ queues, queue: environment.queues.facts, reader, signal, time },
    sqsNow: sqsNow(),
    knows: !wasProved ? 'nobody' : sqsNow() - look.at < provedForMs ? 'all' : 'some',
    onNotPutBack: (error) => void notPutBack.push(error),
  })
  const { end } = result
  const problems = reader.problems.groups()
  const leavesOut = problems.some(({ problem }) => problem === 'memory')
  if (end !== 'known' || leavesOut)
    inventory.looked({ kind: end === 'proved' && !leavesOut ? 'complete' : 'unsure', at: sqsNow() })
  return { ...result, unreadable: reader.unreadable, problems, notPutBack }
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
  readonly problems = new FactsBySender()

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

  read(message: ReceivedMessage, body: string): { from: string; superseded: ReceivedMessage[] } {
    const { messageId, senderId, sentAt } = message
    try {
      const { message: facts, heapBytes } = openFacts(body, this.#environment)
      const { agentId } = facts
      const identity = this.#inventory.identify(agentId, senderId)
      if (identity === 'forged') throw new LocalizableError(forgedFacts(agentId, senderId))
      this.#awaited.delete(agentId)
      const excess = this.#inventory.recordFacts(facts, sentAt, senderId, heapBytes)
      const problem = excess ?? (identity === 'conflicting' ? identity : undefined)
      if (problem !== undefined) this.problems.add(agentId, problem, senderId)
      const said = { message: { sentAt: facts.sentAt }, sentAt, received: message }
      const other = this.#latest.get(agentId)
      const isNewer = other === undefined || isSaidAfter(said, other)
      if (isNewer) this.#latest.set(agentId, said)
      return {
        from: agentId,
        superseded: other === undefined ? [] : [isNewer ? other.received : message],
      }
    } catch (error) {
      if (this.unreadable.length < mostUnreadable)
        this.unreadable.push({ messageId, senderId, reason: sentenceOf(error) })
      return { from: messageId, superseded: [] }
    }
  }
}

function openFacts(body: string, environment: string): Opened<'facts'> {
  const opened = openBody(body, 'facts')
  const facts = opened.message
  // Agents of another environment refuse our commands.
  if (facts.environment !== environment)
    throw new LocalizableError(say('facts of environment {0}', facts.environment))
  return opened
}

function forgedFacts(agentId: string, senderId: string | undefined): Localizable {
  const sender = senderId ?? say('an unknown sender')
  if (!isOwnInstance(agentId, senderId))
    return say('facts under the name of {0}, sent by {1}', agentId, sender)
  return say(
    'facts under the name of {0}, sent by {1}: this is not the role that the instance proved its identity with. If you have replaced its role, forget its proven identity, or declare the role (agentRoles).',
    agentId,
    sender,
  )
}
