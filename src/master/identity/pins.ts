/** A role that an instance proved itself with. */
export interface Pin {
  /** `AROA…`, see `InstanceSender`. */
  readonly roleId: string
  /** When it last did, to the day or more exact: milliseconds since the epoch. */
  readonly at: number
}

/** Most pins of an environment: somebody who may name sessions of a role can prove any number of instances. */
const mostPins = 100_000

/** When there is no room, an instance that has not proven itself for this long makes some. Milliseconds. */
const gaveUpAfterMs = 30 * 24 * 3600_000

/**
 * The role by which each instance first proved its identity. Once pinned, an instance is only believed with a proof by this
 * role, until a person lets go of it.
 */
export class Pins {
  /** Those that were proven last are last. */
  #pins = new Map<string, Pin>()
  /** Pinned, and not in the store yet. */
  readonly #fresh = new Set<string>()

  /** The role that an instance is pinned to. */
  roleOf(agentId: string): string | undefined {
    return this.#pins.get(agentId)?.roleId
  }

  /** Takes a proof: pins the role, unless another one is pinned already. */
  prove(agentId: string, roleId: string, at: number): void {
    const known = this.#pins.get(agentId)
    if (known === undefined) {
      if (this.#pins.size >= mostPins && !this.#makeRoom(at)) return
      this.#fresh.add(agentId)
    } else if (known.roleId !== roleId || known.at >= at) return
    this.#pins.delete(agentId)
    this.#pins.set(agentId, { roleId, at })
  }

  #makeRoom(now: number): boolean {
    for (const [agentId, { at }] of this.#pins) {
      if (now - at <= gaveUpAfterMs) return false
      this.letGo([agentId])
      return true
    }
    return true
  }

  /** Lets go of these agents, or of all. */
  letGo(agentIds: Iterable<string> = [...this.#pins.keys()]): void {
    for (const agentId of agentIds) {
      this.#pins.delete(agentId)
      this.#fresh.delete(agentId)
    }
  }

  /** Whether there are pins that are not in the store. */
  get hasFresh(): boolean {
    return this.#fresh.size > 0
  }

  /** Takes over what the store has: its pins come first, and others let go of what is missing there. */
  replace(stored: ReadonlyMap<string, Pin>): void {
    const merged = new Map(stored)
    for (const [agentId, pin] of this.#pins) {
      const other = merged.get(agentId)
      if (other === undefined ? this.#fresh.has(agentId) : other.roleId === pin.roleId && other.at < pin.at)
        merged.set(agentId, pin)
    }
    for (const agentId of stored.keys()) this.#fresh.delete(agentId)
    this.#pins = merged
  }

  /** What to store. */
  all(): [agentId: string, pin: Pin][] {
    return [...this.#pins]
  }
}
