import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Inventory } from '../../../../src/master/fleet/inventory.ts'
import { inventoryBounds } from '../../../../src/master/fleet/inventoryLoad.ts'
import { forgottenAfterMs, goneAfterMs } from '../../../../src/master/fleet/sighting.ts'
import { Pins } from '../../../../src/master/identity/pins.ts'
import type { FactsMessage } from '../../../../src/protocol/messages.ts'

const instance = 'i-00000000000000001'
const proof = `AROASERVERS:${instance}`
const otherRole = `AROAOTHER:${instance}`
const neighbour = 'i-0666666666666666f'
const evil = `AROASERVERS:${neighbour}`
const user = 'AIDAFLEET'

/** A fleet as a master sees it. */
class Fleet {
  now = 1_000
  readonly inventory: Inventory

  constructor(parts: { readonly pins?: Pins; readonly agentRoles?: readonly string[] } = {}) {
    this.inventory = new Inventory(() => this.now, inventoryBounds(), parts)
  }

  /** Facts as they come from the queue: those that are forged are not recorded. */
  facts(agentId: string, senderId: string | undefined, changes: Partial<FactsMessage> = {}) {
    const identity = this.inventory.identify(agentId, senderId)
    if (identity !== 'forged')
      this.inventory.recordFacts({ ...factsOf(agentId), ...changes }, this.now, senderId)
    return identity
  }

  agent(agentId: string) {
    return this.inventory.agents().find((agent) => agent.agentId === agentId)
  }
}

describe('An instance that has once proven its identity', () => {
  it('is never believed without proof again, nor with that of another role', () => {
    const fleet = new Fleet()
    expect(fleet.facts(instance, user)).toBe('unproven')
    expect(fleet.facts(instance, proof)).toBe('proven')
    fleet.now += 30 * forgottenAfterMs
    expect(fleet.inventory.agents()).toEqual([])
    for (const sender of [user, undefined, otherRole, evil, 'AROASERVERS:deployment'])
      expect(fleet.facts(instance, sender)).toBe('forged')
    expect(fleet.facts(instance, proof)).toBe('proven')
  })

  it('is shown as conflicting when others speak in its name, with the last of them, until that is a day ago', () => {
    const fleet = new Fleet()
    fleet.facts(instance, proof)
    expect(fleet.agent(instance)).toMatchObject({ identity: 'proven', senderId: proof })
    fleet.inventory.identify(instance, otherRole)
    expect(fleet.agent(instance)).toMatchObject({
      identity: 'conflicting',
      senderId: proof,
      contestedBy: otherRole,
    })
    fleet.now += forgottenAfterMs + 1
    fleet.facts(instance, proof)
    expect(fleet.agent(instance)).toMatchObject({ identity: 'proven' })
    expect(fleet.agent(instance)).not.toHaveProperty('contestedBy')
  })

  it('is pinned by a reply, too, and facts of others that came before are not believed any more', () => {
    const fleet = new Fleet()
    fleet.facts(instance, user)
    expect(fleet.inventory.identify(instance, proof)).toBe('proven')
    expect(fleet.agent(instance)?.identity).toBe('conflicting')
    expect(fleet.facts(instance, user)).toBe('forged')
  })

  it('stays pinned in a master that starts with what another has stored', () => {
    const pins = new Pins()
    new Fleet({ pins }).facts(instance, proof)
    const later = new Pins()
    later.replace(new Map(pins.all()))
    expect(new Fleet({ pins: later }).facts(instance, user)).toBe('forged')
    expect(new Fleet({ pins: later }).facts(instance, otherRole)).toBe('forged')
  })

  it('can prove itself anew when a person lets go of it', () => {
    const pins = new Pins()
    const fleet = new Fleet({ pins })
    fleet.facts(instance, proof)
    expect(fleet.facts(instance, otherRole)).toBe('forged')
    pins.letGo([instance])
    fleet.inventory.reconsider([instance])
    expect(fleet.agent(instance)?.identity).toBe('proven')
    fleet.now += 1
    expect(fleet.facts(instance, otherRole)).toBe('proven')
    expect(fleet.agent(instance)).toMatchObject({ identity: 'proven', senderId: otherRole })
    expect(fleet.facts(instance, proof)).toBe('forged')
  })

  it('is proven by no other roles than the declared ones, also not the first time', () => {
    const fleet = new Fleet({ agentRoles: ['AROASERVERS', 'AROANEW'] })
    expect(fleet.facts(instance, otherRole)).toBe('forged')
    expect(fleet.facts(instance, proof)).toBe('proven')
    expect(fleet.facts(instance, `AROANEW:${instance}`)).toBe('proven')
    expect(fleet.facts(instance, user)).toBe('forged')
  })

  it('is believed without proof in no order of messages, restarts and pauses', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(proof, user, undefined, evil, otherRole, 'AROAX:session') },
      { weight: 1, arbitrary: fc.constantFrom('restart', 'ten minutes', 'two days') },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.array(fc.boolean()), (steps, asReply) => {
        let pins = new Pins()
        let fleet = new Fleet({ pins })
        let pinned: string | undefined
        steps.forEach((each, index) => {
          fleet.now += 1_000
          if (each === 'ten minutes') fleet.now += goneAfterMs
          else if (each === 'two days') fleet.now += 2 * forgottenAfterMs
          else if (each === 'restart') {
            const { now } = fleet
            const stored = new Map(pins.all())
            pins = new Pins()
            pins.replace(stored)
            fleet = new Fleet({ pins })
            fleet.now = now
          } else {
            const identity =
              asReply[index] === true ? fleet.inventory.identify(instance, each) : fleet.facts(instance, each)
            const role = each?.endsWith(`:${instance}`) === true ? each : undefined
            pinned ??= role
            if (pinned === undefined) expect(identity).toBe(each === evil ? 'forged' : 'unproven')
            else expect(identity).toBe(each === pinned ? 'proven' : 'forged')
          }
          const shown = fleet.agent(instance)
          if (pinned !== undefined) expect(shown?.identity).not.toBe('unproven')
          if (shown?.identity === 'proven') expect(shown.senderId).toBe(pinned)
        })
      }),
    )
  })
})

describe('A sender that is bound to one instance', () => {
  it('speaks for one agent: the first that it has named, and any other is conflicting', () => {
    const fleet = new Fleet()
    expect(fleet.facts('web-01', evil)).toBe('unproven')
    expect(fleet.facts('web-01', evil)).toBe('unproven')
    expect(fleet.facts('web-02', evil)).toBe('conflicting')
    expect(fleet.agent('web-01')?.identity).toBe('unproven')
    expect(fleet.agent('web-02')?.identity).toBe('conflicting')
    expect(fleet.inventory.identify('web-03', evil)).toBe('conflicting')
  })

  it('speaks for itself rather than for any other, whichever comes first', () => {
    for (const names of [
      [neighbour, 'web-01'],
      ['web-01', neighbour],
    ]) {
      const fleet = new Fleet()
      for (const name of names) fleet.facts(name, evil)
      expect(fleet.inventory.identify(neighbour, evil)).toBe('proven')
      expect(fleet.inventory.identify('web-01', evil)).toBe('conflicting')
    }
  })

  it('never speaks for another instance', () => {
    const fleet = new Fleet()
    expect(fleet.facts(instance, evil)).toBe('forged')
  })

  it('cannot take the name of an agent that another instance or user speaks for, while that one is live', () => {
    const fleet = new Fleet()
    fleet.facts('web-01', proof)
    fleet.facts('web-02', user)
    for (const name of ['web-01', 'web-02']) {
      expect(fleet.facts(name, evil)).toBe('forged')
      expect(fleet.agent(name)).toMatchObject({ identity: 'conflicting', contestedBy: evil })
    }
    expect(fleet.facts('web-01', user)).toBe('forged')
    // The instance was replaced.
    fleet.now += goneAfterMs + 1
    expect(fleet.facts('web-01', evil)).toBe('unproven')
    expect(fleet.facts('web-01', proof)).toBe('forged')
  })

  it('may take another name when its agent has stopped, or has not been seen for ten minutes', () => {
    const fleet = new Fleet()
    fleet.facts('web-01', evil)
    fleet.now += 1
    fleet.facts('web-01', evil, { leaving: true })
    expect(fleet.facts('web-02', evil)).toBe('unproven')
    fleet.now += goneAfterMs + 1
    expect(fleet.facts('web-03', evil)).toBe('unproven')
  })

  it('shows up with every agent that it makes up under the host name of another', () => {
    const fleet = new Fleet()
    fleet.facts(instance, proof, { hostname: 'web-01' })
    for (let ghost = 0; ghost < 20; ghost += 1) fleet.facts(`ghost-${ghost}`, evil, { hostname: 'web-01' })
    const agents = fleet.inventory.agents()
    expect(agents).toHaveLength(1 + inventoryBounds().agentsPerInstance)
    expect(new Set(agents.map(({ nameProblem }) => nameProblem))).toEqual(new Set(['doubled']))
    const ghosts = agents.filter(({ agentId }) => agentId !== instance)
    expect(ghosts.filter(({ identity }) => identity === 'conflicting')).toHaveLength(ghosts.length - 1)
    expect(ghosts.filter(({ identity }) => identity === 'proven')).toEqual([])
    expect(fleet.agent(instance)?.identity).toBe('proven')
  })
})

describe('Who tries to be somebody else', () => {
  it('is not believed as an instance that has proven itself, whatever it is', () => {
    const fleet = new Fleet()
    fleet.facts(instance, proof)
    for (const sender of [
      '123456789012:i-00000000000000001',
      'AROASERVERS:i-00000000000000001.',
      'AROASERVERS:I-00000000000000001',
      'aroaservers:i-00000000000000001',
      'AROASERVERSX:i-00000000000000001',
      'AROASERVERS:x:i-00000000000000001',
      '123456789012',
      '',
    ])
      expect(fleet.facts(instance, sender)).toBe('forged')
  })

  it('cannot have an instance leave, nor outdate its facts', () => {
    const fleet = new Fleet()
    fleet.facts(instance, proof)
    fleet.now += 1
    for (const sender of [user, evil, otherRole]) {
      fleet.facts(instance, sender, { leaving: true, sentAt: 9, hostname: 'web-99' })
      expect(fleet.agent(instance)).toMatchObject({
        state: 'live',
        hostname: `host-${instance}`,
        senderId: proof,
      })
    }
  })

  it('is never proven under an ID that only looks like that of an instance', () => {
    const fleet = new Fleet()
    for (const id of [
      'I-00000000000000001',
      'i-00000000000000001.',
      'i-0000000000000000l',
      'mi-00000000000000001',
    ])
      expect(fleet.facts(id, proof)).not.toBe('proven')
  })

  it('can have one name after the other, of which only the last is not gone', () => {
    const fleet = new Fleet()
    for (let n = 1; n <= 5; n += 1) {
      expect(fleet.facts(`web-${n}`, evil)).toBe('unproven')
      fleet.now += 1
      fleet.facts(`web-${n}`, evil, { leaving: true, sentAt: 1 })
    }
    fleet.facts('web-6', evil)
    expect(fleet.inventory.agents().filter(({ state }) => state !== 'gone')).toMatchObject([
      { agentId: 'web-6', identity: 'unproven' },
    ])
  })

  it('can be first, unless the roles are declared: then the real one is rejected, and both are seen to conflict', () => {
    const fleet = new Fleet()
    expect(fleet.facts(instance, otherRole)).toBe('proven')
    expect(fleet.facts(instance, proof)).toBe('forged')
    expect(fleet.agent(instance)).toMatchObject({ identity: 'conflicting', contestedBy: proof })
  })
})

describe('A fleet that shares one user', () => {
  it('works as it always did, and is unproven', () => {
    const fleet = new Fleet()
    for (const id of ['web-01', 'web-02', instance]) expect(fleet.facts(id, user)).toBe('unproven')
    // Roles are assumed anew under other names.
    for (const id of ['web-01', 'web-02']) expect(fleet.facts(id, 'AROAFLEET:session-2')).toBe('unproven')
    const identities = fleet.inventory.agents().map(({ identity }) => identity)
    expect(identities).toEqual(['unproven', 'unproven', 'unproven'])
  })
})

describe('Host names in the inventory', () => {
  it('are compared only among agents that are not gone: a server may have been replaced', () => {
    const fleet = new Fleet()
    fleet.facts('a', user, { hostname: 'web-01' })
    fleet.now += 1
    fleet.facts('b', user, { hostname: 'web-01' })
    fleet.facts('c', user, { hostname: 'WEB-01' })
    expect(fleet.inventory.agents().map(({ nameProblem }) => nameProblem)).toEqual([
      'look-alike',
      'doubled',
      'doubled',
    ])
    fleet.facts('a', user, { hostname: 'web-01', leaving: true, sentAt: 9 })
    expect(fleet.agent('b')?.nameProblem).toBe('look-alike')
    fleet.now += goneAfterMs + 1
    fleet.facts('b', user, { hostname: 'web-01' })
    expect(fleet.agent('b')?.nameProblem).toBeUndefined()
  })
})

function factsOf(agentId: string): FactsMessage {
  return {
    ...{ type: 'facts', agentId, hostname: `host-${agentId}`, environment: 'testing', version: '1' },
    ...{ startedAt: 0, sentAt: 0, intervalMs: 30_000, running: [], facts: {} },
  }
}
