import { contained } from '../../async/contained.ts'
import { naturalKey } from '../../hosts/naturalOrder.ts'
import type { FactsMessage } from '../../protocol/messages.ts'
import type { Identity } from '../identity/identity.ts'
import { type FleetLook, type FleetSnapshot, type KnownAgent, unknownFleet } from './fleetSnapshot.ts'
import { Identities, type IdentitiesParts } from './identities.ts'
import { type Excess, type InventoryBounds, InventoryLoad, inventoryBounds } from './inventoryLoad.ts'
import {
  compareNames,
  endOf,
  forgottenAfterMs,
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
  readonly #identities: Identities
  #look = unknownFleet.look
  #order: readonly Sighting[] = []
  #isOrdered = true
  /** Names have come or gone since they were compared. */
  #hasOtherNames = false
  #latest = unknownFleet
  /** From when to when `#latest` is valid, inclusive, by SQS's clock. */
  #holds = never
  #noticing = false

  /** @param now SQS's clock, milliseconds since the epoch */
  constructor(
    now: () => number,
    bounds: InventoryBounds = inventoryBounds(),
    trust: Pick<IdentitiesParts, 'pins' | 'agentRoles'> = {},
  ) {
    this.#now = now
    this.#load = new InventoryLoad(bounds)
    this.#identities = new Identities({ seen: this.#seen, now, ...trust })
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
    const identities = this.#identities
    const isProven = identities.judge(agentId, senderId) === 'proven'
    if (isProven) identities.prove(agentId, senderId, sentAt)
    const isFirstProof = isProven && identities.judge(agentId, known?.senderId) !== 'proven'
    const isNews = known === undefined || isSaidAfter({ message, sentAt }, known)
    if (!isNews && !isFirstProof) return undefined
    const load = { agentId, senderId, heapBytes }
    const excess = this.#load.excess(known?.load, load)
    if (excess !== undefined) {
      this.answered(agentId, sentAt)
      return excess
    }
    this.#load.replace(known?.load, load)
    const sender = known?.senderId
    const lastSeenAt = Math.max(sentAt, known?.lastSeenAt ?? sentAt)
    if (known?.message.hostname === hostname) {
      // In place, because `#order` refers to it.
      known.message = message
      known.sentAt = sentAt
      known.lastSeenAt = lastSeenAt
      known.senderId = senderId
      known.load = load
      known.shown = undefined
    } else {
      const orderKey = naturalKey(hostname)
      this.#seen.set(agentId, {
        message,
        sentAt,
        lastSeenAt,
        senderId,
        load,
        orderKey,
        contested: known?.contested,
        state: 'live',
        nameProblem: undefined,
        shown: undefined,
      })
      this.#isOrdered = false
      this.#hasOtherNames = true
    }
    if (sender !== senderId) identities.forget(agentId, sender)
    identities.speaks(agentId, senderId)
    this.#changed()
    return undefined
  }

  /**
   * Whether the sender according to SQS is the agent that it claims to be: call it for each message, and reject what is
   * `forged`. An instance that has once proven its identity keeps doing so; the agent is shown as conflicting when somebody else
   * speaks in its name.
   */
  identify(agentId: string, senderId: string | undefined): Identity {
    const identity = this.#identities.judge(agentId, senderId)
    const known = this.#seen.get(agentId)
    if (identity === 'proven') {
      const wasProven = this.#identities.judge(agentId, known?.senderId) === 'proven'
      this.#identities.prove(agentId, senderId, this.#now())
      if (!wasProven) this.#review(known)
    }
    if (identity === 'forged' && known !== undefined) {
      const isNews = known.contested === undefined || known.contested.senderId !== senderId
      known.contested = { senderId, at: this.#now() }
      if (isNews) this.#review(known)
    }
    return identity
  }

  /** Judges these agents again, or all, because a person let go of their pins; forgets who was rejected in their names. */
  reconsider(agentIds: Iterable<string> = this.#seen.keys()): void {
    for (const agentId of agentIds) {
      const seen = this.#seen.get(agentId)
      if (seen === undefined) continue
      seen.contested = undefined
      seen.shown = undefined
    }
    this.#changed()
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
    let agents: KnownAgent[] = []
    let to = Number.POSITIVE_INFINITY
    for (const seen of this.#order) {
      if (now - seen.lastSeenAt > forgottenAfterMs) {
        this.#forget(seen)
        continue
      }
      const state = stateAt(now, seen)
      const until = endOf(state, seen)
      if (until < to) to = until
      if (seen.state !== state) {
        if (state === 'gone' || seen.state === 'gone') this.#hasOtherNames = true
        seen.state = state
        seen.shown = undefined
      }
      agents.push(this.#show(seen, now))
    }
    if (this.#hasOtherNames) {
      const there = this.#order.filter(({ message }) => this.#seen.has(message.agentId))
      compareNames(there)
      agents = there.map((seen) => this.#show(seen, now))
      this.#hasOtherNames = false
    }
    this.#holds = { from: now, to }
    return { version: this.#latest.version + 1, agents, look: this.#look }
  }

  #forget({ message: { agentId }, load, senderId }: Sighting): void {
    this.#seen.delete(agentId)
    this.#load.replace(load, undefined)
    this.#identities.forget(agentId, senderId)
    this.#hasOtherNames = true
    this.#isOrdered = false
  }

  #show(seen: Sighting, now: number): KnownAgent {
    seen.shown ??= knownAgent(seen, this.#identities.shownOf(seen, now))
    return seen.shown
  }

  #review(known: Sighting | undefined): void {
    if (known !== undefined) known.shown = undefined
    this.#changed()
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
