import { describe, expect, it } from 'vitest'
import type { Facts, FactValue } from '../../../../src/protocol/facts.ts'
import { INDEX_LIMITS, indexFacts } from '../../../../src/protocol/filter/factIndex.ts'
import { inProcessorTime } from '../../../support/processorTime.ts'
import { realFacts } from './realFacts.ts'

describe('indexFacts', () => {
  it('counts agents per path and per value, each agent once', () => {
    const index = indexFacts([
      { role: 'web', ports: [80, 443, 80], cpu: { count: 4 }, 'ec2.az': 'a' },
      { role: 'web', ports: [], cpu: { count: 4 }, spot: false },
      { role: 'db', cpu: null, spot: null },
    ])
    expect(index.agents).toBe(3)
    expect([...index.paths.keys()].sort()).toEqual(['"ec2.az"', 'cpu.count', 'ports', 'role', 'spot'])
    expect(index.paths.get('role')).toMatchObject({ agents: 3, hasMore: false })
    expect([...(index.paths.get('role')?.values ?? [])]).toEqual([
      ['web', 2],
      ['db', 1],
    ])
    expect([...(index.paths.get('ports')?.values ?? [])]).toEqual([
      ['80', 1],
      ['443', 1],
    ])
    expect(index.paths.get('ports')?.agents).toBe(2)
    expect([...(index.paths.get('spot')?.values ?? [])]).toEqual([['false', 1]])
  })

  it('gathers elements of arrays and entries of maps of maps under *', () => {
    const index = indexFacts([
      { interfaces: { eth0: { ip: '10.0.0.1', bindings: [{ address: 'a' }] }, lo: { ip: '127.0.0.1' } } },
      { interfaces: { eth0: { ip: '10.0.0.2' }, eth1: { ip: '10.0.0.1' } } },
    ])
    expect([...(index.paths.get('interfaces.*.ip')?.values ?? [])]).toEqual([
      ['10.0.0.1', 2],
      ['127.0.0.1', 1],
      ['10.0.0.2', 1],
    ])
    expect(index.paths.get('interfaces.eth0.ip')?.agents).toBe(2)
    expect(index.paths.get('interfaces.*.bindings.*.address')?.agents).toBe(1)
  })

  it('keeps a limited number of values and paths, and says so', () => {
    const many = Array.from({ length: 50 }, (_, i) => ({ id: `i-${i}`, [`fact${i}`]: i }))
    const index = indexFacts(many, { paths: 10, valuesPerPath: 5 })
    expect(index.paths.size).toBe(10)
    expect(index.paths.get('id')).toMatchObject({ agents: 50, hasMore: true })
    expect(index.paths.get('id')?.values.size).toBe(5)
  })

  it('leaves long values out', () => {
    expect(indexFacts([{ key: 'x'.repeat(1_000) }]).paths.get('key')).toMatchObject({
      agents: 1,
      hasMore: true,
    })
  })

  it('is not upset by hostile facts', () => {
    let deep: FactValue = 'bottom'
    for (let i = 0; i < 100_000; i++) deep = i % 2 ? [deep] : { a: deep }
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i]))
    const odd = JSON.parse('{"__proto__": {"a": 1}, "constructor": {"prototype": "x"}, "": ""}') as Facts
    const index = indexFacts([{ deep }, { wide }, odd])
    expect(index.agents).toBe(3)
    expect(index.paths.size).toBeLessThanOrEqual(INDEX_LIMITS.paths)
    expect(({} as Record<string, unknown>).a).toBeUndefined()
  })

  it('reads 10,000 agents of real facts in seconds', () => {
    const systems = [...realFacts().values()]
    const inventory = Array.from({ length: 10_000 }, (_, i) => ({
      ...systems[i % systems.length],
      hostname: `web-${i}`,
      instance_id: `i-${i.toString(16)}`,
    }))
    // Takes 0.8 s.
    const index = inProcessorTime(5_000, () => indexFacts(inventory))
    expect(index.agents).toBe(10_000)
    expect(index.paths.get('hostname')).toMatchObject({ agents: 10_000, hasMore: true })
  })
})
