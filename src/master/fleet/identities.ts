import { type Identity, instanceSender, isInstanceId } from '../identity/identity.ts'
import { Pins } from '../identity/pins.ts'
import type { KnownAgent } from './fleetSnapshot.ts'
import { forgottenAfterMs, type Sighting, stateAt } from './sighting.ts'

export interface IdentitiesParts {
  /** The known agents. */
  readonly seen: ReadonlyMap<string, Sighting>
  /** SQS's clock, milliseconds since the epoch. */
  readonly now: () => number
  readonly pins?: Pins
  /** IDs of the roles that prove an instance (`AROA…`). Without it, an instance is pinned to the first role that does. */
  readonly agentRoles?: readonly string[]
}

/** Judges who a message is from: by its sender according to SQS, by what is pinned, and by who else spoke for the agent. */
export class Identities {
  readonly #seen: IdentitiesParts['seen']
  readonly #now: () => number
  readonly #pins: Pins
  readonly #agentRoles: ReadonlySet<string> | undefined
  /** The one agent that each instance speaks for, by sender. */
  readonly #voices = new Map<string, string>()

  constructor({ seen, now, pins = new Pins(), agentRoles }: IdentitiesParts) {
    this.#seen = seen
    this.#now = now
    this.#pins = pins
    this.#agentRoles = agentRoles === undefined ? undefined : new Set(agentRoles)
  }

  judge(agentId: string, senderId: string | undefined): Identity {
    const instance = instanceSender(senderId)
    if (instance?.instanceId === agentId) return this.#isProof(agentId, instance.roleId) ? 'proven' : 'forged'
    if (isInstanceId(agentId))
      return instance !== undefined || this.#pins.roleOf(agentId) !== undefined ? 'forged' : 'unproven'
    if (this.#isHeldByAnother(agentId, senderId)) return 'forged'
    if (senderId === undefined || instance === undefined) return 'unproven'
    const voice = this.#voiceOf(senderId)
    return voice === undefined || voice === agentId ? 'unproven' : 'conflicting'
  }

  /** How an agent is shown. Who was rejected in its name is forgotten after a day. */
  shownOf(seen: Sighting, now: number): KnownAgent['identity'] {
    if (seen.contested !== undefined && now - seen.contested.at > forgottenAfterMs) seen.contested = undefined
    if (seen.contested !== undefined) return 'conflicting'
    const identity = this.judge(seen.message.agentId, seen.senderId)
    return identity === 'forged' ? 'conflicting' : identity
  }

  /** Remembers a proof. @param at SQS's clock, milliseconds since the epoch */
  prove(agentId: string, senderId: string | undefined, at: number): void {
    const instance = instanceSender(senderId)
    if (instance?.instanceId === agentId) this.#pins.prove(agentId, instance.roleId, at)
  }

  /** Remembers that an instance speaks for this agent. Its own ID comes before any other. */
  speaks(agentId: string, senderId: string | undefined): void {
    const instance = instanceSender(senderId)
    if (senderId === undefined || instance === undefined) return
    if (instance.instanceId === agentId || this.#voiceOf(senderId) === undefined)
      this.#voices.set(senderId, agentId)
  }

  /** An agent is no longer known. */
  forget(agentId: string, senderId: string | undefined): void {
    if (senderId !== undefined && this.#voices.get(senderId) === agentId) this.#voices.delete(senderId)
  }

  #isProof(agentId: string, roleId: string): boolean {
    if (this.#agentRoles !== undefined) return this.#agentRoles.has(roleId)
    const pinned = this.#pins.roleOf(agentId)
    return pinned === undefined || pinned === roleId
  }

  /**
   * Whether an agent whose ID proves nothing is live, and another sender speaks for it. Users and other roles count as
   * one: sessions get new names, and servers may share a user.
   */
  #isHeldByAnother(agentId: string, senderId: string | undefined): boolean {
    const known = this.#live(agentId)
    if (known === undefined || known.senderId === senderId) return false
    return instanceSender(known.senderId) !== undefined || instanceSender(senderId) !== undefined
  }

  #voiceOf(senderId: string): string | undefined {
    const agentId = this.#voices.get(senderId)
    return agentId !== undefined && this.#live(agentId)?.senderId === senderId ? agentId : undefined
  }

  #live(agentId: string): Sighting | undefined {
    const known = this.#seen.get(agentId)
    return known === undefined || stateAt(this.#now(), known) === 'gone' ? undefined : known
  }
}
