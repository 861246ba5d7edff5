import { describe, expect, it } from 'vitest'
import { dollars, idleRequestsPerMonth, runRequests } from '../../../src/queues/price.ts'

describe('price', () => {
  it('of an idle fleet is one long poll in 20 s and one facts message in 30 s per agent', () => {
    expect(idleRequestsPerMonth(1)).toBe(129_600 + 86_400)
    expect(dollars(idleRequestsPerMonth(1000))).toBeCloseTo(86.4)
    expect(idleRequestsPerMonth(10, { factsSeconds: 300, factsUnits: 2 })).toBe(10 * (129_600 + 2 * 8_640))
  })

  it('of a visible command grows with the time for which all agents see it, up to its retention', () => {
    expect(runRequests(1000, 60)).toBe(60_000)
    expect(runRequests(1000, 3600)).toBe(60_000)
    expect(runRequests(1000, 0.5)).toBe(1000)
  })
})
