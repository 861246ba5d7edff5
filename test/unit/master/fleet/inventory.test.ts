import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { Inventory } from '../../../../src/master/fleet/inventory.ts'
import { goneAfterMs } from '../../../../src/master/fleet/sighting.ts'
import type { FactsMessage } from '../../../../src/protocol/messages.ts'
import { inProcessorTime } from '../../../support/processorTime.ts'

describe('Inventory', () => {
  it('knows the latest facts of each agent, in whatever order and however often they come', () => {
    const messages = Array.from({ length: 12 }, (_, index) => ({
      agentId: `a${index % 3}`,
      sentAt: 1000 + index,
    }))
    const any = fc.shuffledSubarray([...messages, ...messages], { minLength: messages.length * 2 })
    fc.assert(
      fc.property(any, (order) => {
        const inventory = new Inventory(() => 2000)
        for (const { agentId, sentAt } of order)
          inventory.recordFacts(factsOf(agentId, { version: sentAt }), sentAt, undefined)
        const versions = inventory.agents().map(({ agentId, facts }) => [agentId, facts.version])
        expect(versions).toEqual([
          ['a0', 1009],
          ['a1', 1010],
          ['a2', 1011],
        ])
      }),
    )
  })

  it("goes by the agent's clock where SQS's does not tell two facts apart", () => {
    const inventory = new Inventory(() => 2000)
    for (const agentClock of [8, 9, 7]) {
      inventory.recordFacts(
        { ...factsOf('a1', { version: agentClock }), sentAt: agentClock },
        1000,
        undefined,
      )
    }
    expect(inventory.agents()[0]?.facts.version).toBe(9)
  })

  it('lets agents fade from live to stale to gone, and forgets them in the end', () => {
    const clock = { now: 0 }
    const inventory = new Inventory(() => clock.now)
    inventory.recordFacts(factsOf('a1'), 0, undefined)
    const stateAt = (now: number) => {
      clock.now = now
      return inventory.agents()[0]?.state
    }
    expect(stateAt(45_000)).toBe('live')
    expect(stateAt(45_001)).toBe('stale')
    expect(stateAt(goneAfterMs + 1)).toBe('gone')
    expect(stateAt(25 * 3600_000)).toBeUndefined()
  })

  it('expects nothing of an agent that has said that it stops, until it is there again', () => {
    let now = 1_000
    const inventory = new Inventory(() => now)
    inventory.recordFacts(factsOf('a'), 1_000, undefined)
    inventory.recordFacts({ ...factsOf('a'), leaving: true, sentAt: 1 }, 2_000, undefined)
    expect(inventory.agents()).toMatchObject([{ state: 'gone', hasLeft: true }])
    // Its last replies come after its farewell.
    inventory.answered('a', 3_000)
    expect(inventory.agents()).toMatchObject([{ state: 'gone', hasLeft: true }])
    now = 5_000
    inventory.recordFacts({ ...factsOf('a'), startedAt: 4_000 }, 5_000, undefined)
    expect(inventory.agents()).toMatchObject([{ state: 'live' }])
    expect(inventory.agents()[0]).not.toHaveProperty('hasLeft')
  })

  it('replaces facts without proof by the first with one, even if they are older', () => {
    const inventory = new Inventory(() => 2000)
    const [instance, proof] = ['i-00000000000000001', 'AROAEXAMPLE:i-00000000000000001']
    inventory.recordFacts(factsOf(instance, { role: 'db' }), 2000, 'AIDAEXAMPLE')
    inventory.recordFacts(factsOf(instance, { role: 'web' }), 1000, proof)
    expect(inventory.agents()[0]).toMatchObject({ facts: { role: 'web' }, senderId: proof })
  })

  it('never lets a flood push out an agent that it knows, nor keep out an instance that proves who it is', () => {
    const inventory = new Inventory(() => 2000, {
      heapBytes: 10_000,
      unprovenHeapBytes: 5_000,
      agentsPerInstance: 16,
    })
    const record = (agentId: string, senderId: string, sentAt = 1000) =>
      inventory.recordFacts(factsOf(agentId), sentAt, senderId, 1_000)
    for (const known of ['a1', 'a2']) expect(record(known, 'AIDAFLEET')).toBeUndefined()
    const flood = Array.from({ length: 100 }, (_, index) => record(`ghost-${index}`, `AROA:session-${index}`))
    expect(flood.filter((excess) => excess === undefined)).toHaveLength(3)
    expect(flood.filter((excess) => excess === 'memory')).toHaveLength(97)
    for (let instance = 1; instance <= 5; instance += 1)
      expect(record(`i-0000000000000000${instance}`, `AROA:i-0000000000000000${instance}`)).toBeUndefined()
    expect(record('i-00000000000000006', 'AROA:i-00000000000000006')).toBe('memory')
    const listed = inventory.agents().map(({ agentId }) => agentId)
    expect(listed).toEqual(expect.arrayContaining(['a1', 'a2', 'i-00000000000000005']))
    expect(listed).toHaveLength(10)
    // What is known goes on being known, with newer facts.
    expect(record('a1', 'AIDAFLEET', 1500)).toBeUndefined()
    expect(inventory.agents().find(({ agentId }) => agentId === 'a1')?.lastSeenAt).toBe(1500)
  })

  it('keeps the facts that it has of an agent whose new ones are too much, and knows that it lives', () => {
    const inventory = new Inventory(() => 2000, {
      heapBytes: 4_000,
      unprovenHeapBytes: 2_000,
      agentsPerInstance: 1,
    })
    inventory.recordFacts(factsOf('a1', { role: 'web' }), 1000, 'AIDAFLEET', 1_500)
    expect(inventory.recordFacts(factsOf('a1', { role: 'huge' }), 1800, 'AIDAFLEET', 2_500)).toBe('memory')
    expect(inventory.agents()).toMatchObject([{ agentId: 'a1', facts: { role: 'web' }, lastSeenAt: 1800 }])
  })

  it('lists no more agents of one instance than it may speak for', () => {
    const inventory = new Inventory(() => 2000)
    const instance = 'AROASERVERS:i-0666666666666666f'
    const excess = Array.from({ length: 55 }, (_, index) =>
      inventory.recordFacts(factsOf(`ghost-${index}`), 1000, instance, 1_000),
    )
    expect(excess.filter((each) => each === 'sender')).toHaveLength(39)
    expect(inventory.recordFacts(factsOf('i-0666666666666666f'), 1000, instance, 1_000)).toBeUndefined()
    expect(inventory.recordFacts(factsOf('ghost-0'), 1500, instance, 1_000)).toBeUndefined()
    // A user that all servers share.
    for (let server = 0; server < 1_000; server += 1)
      expect(inventory.recordFacts(factsOf(`server-${server}`), 1000, 'AIDAFLEET', 1_000)).toBeUndefined()
  })

  it('has room again for as much as it forgets', () => {
    const clock = { now: 1000 }
    const inventory = new Inventory(() => clock.now, {
      heapBytes: 4_000,
      unprovenHeapBytes: 2_000,
      agentsPerInstance: 1,
    })
    const record = (agentId: string, senderId: string) =>
      inventory.recordFacts(factsOf(agentId), clock.now, senderId, 1_000)
    const instance = 'AROASERVERS:i-0666666666666666f'
    expect([
      record('a1', instance),
      record('a2', instance),
      record('a2', 'AIDA'),
      record('a3', 'AIDA'),
    ]).toEqual([...[undefined, 'sender', undefined, 'memory']])
    clock.now += 25 * 3600_000
    expect(inventory.agents()).toEqual([])
    expect([record('b1', instance), record('b2', 'AIDA'), record('b3', 'AIDA')]).toEqual([
      undefined,
      undefined,
      'memory',
    ])
  })

  it('does not believe an agent that claims to be silent for days', () => {
    const inventory = new Inventory(() => goneAfterMs + 1)
    inventory.recordFacts({ ...factsOf('a1'), intervalMs: 7 * 24 * 3600_000 }, 0, undefined)
    expect(inventory.agents()[0]?.state).toBe('gone')
  })

  it('counts a reply as seeing its agent, and still takes facts that were sent before it', () => {
    const inventory = new Inventory(() => 100_000)
    inventory.recordFacts(factsOf('a1', { role: 'old' }), 0, undefined)
    inventory.answered('a1', 95_000)
    inventory.recordFacts(factsOf('a1', { role: 'new' }), 90_000, undefined)
    expect(inventory.agents()[0]).toMatchObject({
      state: 'live',
      lastSeenAt: 95_000,
      facts: { role: 'new' },
    })
    inventory.answered('unknown', 95_000)
    expect(inventory.agents()).toHaveLength(1)
  })

  it("measures an agent's clock against that of SQS, by its facts alone", () => {
    const inventory = new Inventory(() => 100_000)
    inventory.recordFacts({ ...factsOf('a1'), sentAt: 70_000 }, 10_000, undefined)
    inventory.answered('a1', 95_000)
    expect(inventory.agents()[0]?.clockSkewMs).toBe(60_000)
  })

  it('keeps its agents by host name, as people order them', () => {
    const inventory = new Inventory(() => 0)
    for (const n of [10, 9, 2]) inventory.recordFacts(factsOf(`a${n}`), 0, undefined)
    expect(inventory.agents().map(({ hostname }) => hostname)).toEqual(['host-a2', 'host-a9', 'host-a10'])
    inventory.recordFacts({ ...factsOf('a2'), hostname: 'host-z' }, 1, undefined)
    inventory.recordFacts(factsOf('a11'), 0, undefined)
    expect(inventory.agents().map(({ hostname }) => hostname)).toEqual([
      'host-a9',
      'host-a10',
      'host-a11',
      'host-z',
    ])
  })

  it('tells of many changes at once, and not of what it knew', async () => {
    const inventory = new Inventory(() => 0)
    let notices = 0
    const stop = inventory.onChange(() => {
      notices += 1
    })
    for (let n = 0; n < 100; n += 1) inventory.recordFacts(factsOf(`a${n}`), 1, undefined)
    await setImmediate()
    expect(notices).toBe(1)
    inventory.recordFacts(factsOf('a1'), 1, undefined)
    await setImmediate()
    expect(notices).toBe(1)
    stop()
    inventory.recordFacts(factsOf('a1'), 2, undefined)
    await setImmediate()
    expect(notices).toBe(1)
  })

  it('reports a stale agent that replies, and not that a live one stays live', async () => {
    const clock = { now: 0 }
    const inventory = new Inventory(() => clock.now)
    inventory.recordFacts(factsOf('a1'), 0, undefined)
    await setImmediate()
    inventory.snapshot()
    let notices = 0
    inventory.onChange(() => {
      notices += 1
    })
    inventory.answered('a1', 10)
    await setImmediate()
    expect(notices).toBe(0)
    expect(inventory.agents()[0]?.lastSeenAt).toBe(10)
    clock.now = 60_000
    expect(inventory.agents()[0]?.state).toBe('stale')
    inventory.answered('a1', 59_000)
    await setImmediate()
    expect(notices).toBe(1)
    expect(inventory.agents()[0]?.state).toBe('live')
  })

  it('tells the other listeners when one throws, and goes on doing so', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const inventory = new Inventory(() => 0)
    let notices = 0
    inventory.onChange(() => {
      throw new Error('the view is gone')
    })
    inventory.onChange(() => {
      notices += 1
    })
    for (const sentAt of [1, 2]) {
      inventory.recordFacts(factsOf('a1'), sentAt, undefined)
      await setImmediate()
    }
    expect(notices).toBe(2)
    expect(warned).toHaveBeenCalledTimes(2)
    warned.mockRestore()
  })
})

describe('A snapshot of the inventory', () => {
  it('is the same one until something changes, and keeps what it shows', () => {
    const inventory = new Inventory(() => 0)
    expect(inventory.snapshot()).toMatchObject({ agents: [], look: { kind: 'none' } })
    for (const id of ['a1', 'a2']) inventory.recordFacts(factsOf(id), 0, undefined)
    const before = inventory.snapshot()
    expect(inventory.snapshot()).toBe(before)
    inventory.recordFacts(factsOf('a1', { role: 'old' }), -1, undefined)
    expect(inventory.snapshot()).toBe(before)

    inventory.recordFacts(factsOf('a1', { role: 'new' }), 1, undefined)
    const after = inventory.snapshot()
    expect(after.version).toBeGreaterThan(before.version)
    expect(before.agents[0]?.facts).toEqual({})
    expect(after.agents[0]?.facts).toEqual({ role: 'new' })
    // What has not changed can be known again by being the same.
    expect(after.agents[1]).toBe(before.agents[1])
  })

  it('is a new one when an agent has grown old, at that very moment', () => {
    const clock = { now: 0 }
    const inventory = new Inventory(() => clock.now)
    inventory.recordFacts(factsOf('a1'), 0, undefined)
    inventory.recordFacts(factsOf('a2'), 1000, undefined)
    const states = (now: number) => {
      clock.now = now
      return inventory.agents().map(({ state }) => state)
    }
    const live = inventory.snapshot()
    expect(states(45_000)).toEqual(['live', 'live'])
    expect(inventory.snapshot()).toBe(live)
    expect(states(45_001)).toEqual(['stale', 'live'])
    expect(states(46_001)).toEqual(['stale', 'stale'])
    expect(states(goneAfterMs + 1)).toEqual(['gone', 'stale'])
    expect(states(24 * 3600_000 + 1)).toEqual(['gone'])
    // SQS's clock is corrected as answers tell it better.
    expect(states(0)).toEqual(['live'])
  })

  it('tells how far the last look at the fleet went', () => {
    const inventory = new Inventory(() => 0)
    inventory.looked({ kind: 'unsure', at: 7 })
    expect(inventory.snapshot().look).toEqual({ kind: 'unsure', at: 7 })
  })

  it('costs little for 10,000 agents, of whom some have new facts', () => {
    const inventory = new Inventory(() => 0)
    const say = (n: number, sentAt: number) => inventory.recordFacts(factsOf(`a${n}`), sentAt, undefined)
    for (let n = 0; n < 10_000; n += 1) say((n * 7919) % 10_000, 0)
    expect(inventory.agents()).toHaveLength(10_000)
    let sentAt = 0
    inProcessorTime(1_000, () => {
      for (let times = 0; times < 20; times += 1) {
        sentAt += 1
        for (let n = 0; n < 500; n += 1) say(n, sentAt)
        inventory.snapshot()
      }
    })
  })
})

function factsOf(agentId: string, facts: FactsMessage['facts'] = {}): FactsMessage {
  return {
    ...{ type: 'facts', agentId, hostname: `host-${agentId}`, environment: 'testing', version: '1' },
    ...{ startedAt: 0, sentAt: 0, intervalMs: 30_000, running: [], facts },
  }
}
