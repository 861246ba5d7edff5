import { contained } from '../../async/contained.ts'
import { naturalKey } from '../../hosts/naturalOrder.ts'
import type { FactsMessage } from '../../protocol/messages.ts'
import { type FleetLook, type FleetSnapshot, type KnownAgent, unknownFleet } from './fleetSnapshot.ts'
import { checkIdentity } from './identity.ts'
import { type Excess, type InventoryBounds, InventoryLoad, inventoryBounds } from './inventoryLoad.ts'
import {
  endOf,
  forgottenAfterMs,
  goneAfterMs,
  inOrder,
  isSaidAfter,
  knownAgent,
  type Sighting,
  stateAt,
} from './sighting.ts'

/**
 * The known agents: filled from the facts queue, kept between runs. Facts of 10,000 agents arrive by the thousand per
 * second and are read a few times per second, so the work is done when they are read: see {@link snapshot}.
 */
export class Inventory {
  readonly #seen = new Map<string, Sighting>()
  readonly #listeners = new Set<() => void>()
  readonly #now: () => number
  readonly #load: InventoryLoad
  #look = unknownFleet.look
  #order: readonly Sighting[] = []
  #isOrdered = true
  #latest = unknownFleet
  /** From when to when `#latest` is valid, inclusive, by SQS's clock. */
  #holds = never
  #noticing = false

  /** @param now SQS's clock, milliseconds since the epoch */
  constructor(now: () => number, bounds: InventoryBounds = inventoryBounds()) {
    this.#now = now
    this.#load = new InventoryLoad(bounds)
  }

  /**
   * Takes a facts message whose sender {@link identify} does not reject. One that is older than the known facts changes
   * nothing, as the queue keeps no order. But the first message proven to come from an instance replaces unproven ones.
   * @param heapBytes what the message takes at most
   * @returns why the facts are not recorded, if they are beyond the bounds. An agent that is known stays, with the facts
   *   that it had
   */
  recordFacts(
    message: FactsMessage,
    sentAt: number,
    senderId: string | undefined,
    heapBytes = 0,
  ): Excess | undefined {
    const { agentId, hostname } = message
    const known = this.#seen.get(agentId)
    const isProven = checkIdentity(agentId, senderId) === 'proven'
    const isFirstProof = isProven && known?.provenAt === undefined
    const isNews = known === undefined || isSaidAfter({ message, sentAt }, known)
    if (!isNews && !isFirstProof) return undefined
    const load = { agentId, senderId, heapBytes }
    const excess = this.#load.excess(known?.load, load)
    if (excess !== undefined) {
      this.answered(agentId, sentAt)
      return excess
    }
    this.#load.replace(known?.load, load)
    const lastSeenAt = Math.max(sentAt, known?.lastSeenAt ?? sentAt)
    const provenAt = isProven ? sentAt : known?.provenAt
    if (known?.message.hostname === hostname) {
      // In place, because `#order` refers to it.
      known.message = message
      known.sentAt = sentAt
      known.lastSeenAt = lastSeenAt
      known.senderId = senderId
      known.provenAt = provenAt
      known.load = load
      known.shown = undefined
    } else {
      const orderKey = naturalKey(hostname)
      this.#seen.set(agentId, {
        message,
        sentAt,
        lastSeenAt,
        senderId,
        provenAt,
        load,
        orderKey,
        shown: undefined,
      })
      this.#isOrdered = false
    }
    this.#changed()
    return undefined
  }

  /**
   * Whether the sender according to SQS is the agent that it claims to be. An instance that has recently proven its
   * identity keeps doing so: unproven messages in its name are from another sender.
   */
  identify(agentId: string, senderId: string | undefined): ReturnType<typeof checkIdentity> {
    const identity = checkIdentity(agentId, senderId)
    const provenAt = this.#seen.get(agentId)?.provenAt
    if (identity !== 'unproven' || provenAt === undefined) return identity
    return this.#now() - provenAt > goneAfterMs ? 'unproven' : 'mismatch'
  }

  /** Records a reply of an agent: it was seen, without new facts. */
  answered(agentId: string, sentAt: number): void {
    const known = this.#seen.get(agentId)
    if (known === undefined || known.lastSeenAt >= sentAt) return
    // That a live agent is still live is not a change: a run of 10,000 agents would report nothing else.
    const isNews = known.shown?.state !== 'live'
    known.lastSeenAt = sentAt
    known.shown = undefined
    if (isNews) this.#changed()
    else this.#outdate()
  }

  /** Call it when a sweep has ended. */
  looked(look: FleetLook): void {
    this.#look = look
    this.#changed()
  }

  /**
   * The agents now. The same object as before unless something has changed, including the state of an agent by its age. A
   * new snapshot costs a pass over the agents, and sorting only when there are new names.
   */
  snapshot(): FleetSnapshot {
    const now = this.#now()
    if (now < this.#holds.from || now > this.#holds.to) this.#latest = this.#take(now)
    return this.#latest
  }

  /** The agents of the {@link snapshot}. */
  agents(): readonly KnownAgent[] {
    return this.snapshot().agents
  }

  /**
   * Calls `listener` in a later turn after changes, once for many. A state that changes by age is not reported. Returns a
   * function that removes the listener.
   */
  onChange(listener: () => void): () => void {
    const call = contained(listener)
    this.#listeners.add(call)
    return () => this.#listeners.delete(call)
  }

  #take(now: number): FleetSnapshot {
    if (!this.#isOrdered) this.#order = [...this.#seen.values()].sort(inOrder)
    this.#isOrdered = true
    const agents: KnownAgent[] = []
    let to = Number.POSITIVE_INFINITY
    for (const seen of this.#order) {
      if (now - seen.lastSeenAt > forgottenAfterMs) {
        this.#seen.delete(seen.message.agentId)
        this.#load.replace(seen.load, undefined)
        this.#isOrdered = false
        continue
      }
      const state = stateAt(now, seen)
      const until = endOf(state, seen)
      if (until < to) to = until
      if (seen.shown?.state !== state) seen.shown = knownAgent(seen, state)
      agents.push(seen.shown)
    }
    this.#holds = { from: now, to }
    return { version: this.#latest.version + 1, agents, look: this.#look }
  }

  #outdate(): void {
    this.#holds = never
  }

  #changed(): void {
    this.#outdate()
    if (this.#noticing) return
    this.#noticing = true
    setImmediate(() => {
      this.#noticing = false
      for (const listener of this.#listeners) listener()
    })
  }
}

/** An empty interval. */
const never = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY }
