import { describe, expect, it } from 'vitest'
import { FactSampler } from '../../../../src/console/targets/factSample.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

const fleet = (size: number) =>
  Array.from({ length: size }, (_, index) =>
    knownAgent(`h${index}`, { facts: { role: index % 2 ? 'web' : 'db' } }),
  )

describe('FactSampler', () => {
  it('reads a small fleet whole', () => {
    const { index, isPart } = new FactSampler(() => 0).sampleOf(fleet(10))
    expect(isPart).toBe(false)
    expect(index.paths.get('role')?.agents).toBe(10)
  })

  it('reads a large fleet in part, from all over it', () => {
    const { index, isPart } = new FactSampler(() => 0).sampleOf(fleet(9_999))
    expect(isPart).toBe(true)
    expect(index.agents).toBeLessThanOrEqual(1_000)
    expect([...(index.paths.get('role')?.values.keys() ?? [])].sort()).toEqual(['db', 'web'])
  })

  it('reads again when agents come or go, and after a while, and not in between', () => {
    let now = 0
    const sampler = new FactSampler(() => now)
    const first = sampler.sampleOf(fleet(10))
    expect(sampler.sampleOf(fleet(10))).toBe(first)
    const second = sampler.sampleOf(fleet(11))
    expect(second).not.toBe(first)
    now = 30_000
    expect(sampler.sampleOf(fleet(11))).not.toBe(second)
  })
})
