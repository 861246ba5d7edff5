import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { goneAfterMs, Inventory } from '../../../../src/master/fleet/inventory.ts'
import { parseFilter } from '../../../../src/protocol/filter/parse.ts'
import type { FactsMessage } from '../../../../src/protocol/messages.ts'

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
    expect(inventory.matching(parseFilter('*'))).toHaveLength(1)
    expect(stateAt(goneAfterMs + 1)).toBe('gone')
    expect(inventory.matching(parseFilter('*'))).toHaveLength(0)
    expect(stateAt(25 * 3600_000)).toBeUndefined()
  })

  it('takes nothing without proof in the name of an instance that has lately proven who it is', () => {
    const clock = { now: 0 }
    const inventory = new Inventory(() => clock.now)
    const [instance, proof, other] = ['i-00000000000000001', 'AROAEXAMPLE:i-00000000000000001', 'AIDAEXAMPLE']
    expect(inventory.identify(instance, other)).toBe('unproven')
    inventory.recordFacts(factsOf(instance, { role: 'db' }), 2000, other)
    inventory.recordFacts(factsOf(instance, { role: 'web' }), 1000, proof)
    expect(inventory.agents()[0]).toMatchObject({ facts: { role: 'web' }, senderId: proof })
    expect(inventory.identify(instance, other)).toBe('mismatch')
    expect(inventory.identify(instance, proof)).toBe('proven')
    expect(inventory.identify('web-01', other)).toBe('unproven')
    // It may have been given keys instead of its profile.
    clock.now = 1000 + goneAfterMs + 1
    expect(inventory.identify(instance, other)).toBe('unproven')
  })

  it('does not believe an agent that claims to be silent for days', () => {
    const inventory = new Inventory(() => goneAfterMs + 1)
    inventory.recordFacts({ ...factsOf('a1'), intervalMs: 7 * 24 * 3600_000 }, 0, undefined)
    expect(inventory.agents()[0]?.state).toBe('gone')
  })

  it('hears of an agent by its replies, and still takes facts that were sent before them', () => {
    const inventory = new Inventory(() => 100_000)
    inventory.recordFacts(factsOf('a1', { role: 'old' }), 0, undefined)
    inventory.answered('a1', 95_000)
    inventory.recordFacts(factsOf('a1', { role: 'new' }), 90_000, undefined)
    expect(inventory.agents()[0]).toMatchObject({
      state: 'live',
      lastHeardAt: 95_000,
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

  it('finds the agents that a filter matches, by host name as people order them', () => {
    const inventory = new Inventory(() => 0)
    for (const n of [10, 9, 2])
      inventory.recordFacts(factsOf(`a${n}`, { role: n === 2 ? 'db' : 'web' }), 0, undefined)
    expect(inventory.matching(parseFilter('role=web')).map(({ hostname }) => hostname)).toEqual([
      'host-a9',
      'host-a10',
    ])
  })

  it('tells of many changes at once, and not of what it knew', async () => {
    const inventory = new Inventory(() => 0)
    let notices = 0
    const stop = inventory.onChange(() => {
      notices += 1
    })
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    for (let n = 0; n < 100; n += 1) inventory.recordFacts(factsOf(`a${n}`), 1, undefined)
    await turn()
    expect(notices).toBe(1)
    inventory.recordFacts(factsOf('a1'), 1, undefined)
    await turn()
    expect(notices).toBe(1)
    stop()
    inventory.recordFacts(factsOf('a1'), 2, undefined)
    await turn()
    expect(notices).toBe(1)
  })
})

function factsOf(agentId: string, facts: FactsMessage['facts'] = {}): FactsMessage {
  return {
    ...{ type: 'facts', agentId, hostname: `host-${agentId}`, environment: 'testing', version: '1' },
    ...{ startedAt: 0, sentAt: 0, intervalMs: 30_000, running: [], facts },
  }
}
