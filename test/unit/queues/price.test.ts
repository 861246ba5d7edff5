import { describe, expect, it } from 'vitest'
import { dollars, idleRequestsPerMonth, printPrice, receivesWhileVisible } from '../../../src/queues/price.ts'
import { inEnglish } from '../../../src/text/translate.ts'

describe('price', () => {
  it('of an idle fleet is one long poll in 20 s and one facts message in 30 s per agent', () => {
    expect(idleRequestsPerMonth(1)).toBe(129_600 + 86_400)
    expect(dollars(idleRequestsPerMonth(1000))).toBeCloseTo(86.4)
    expect(idleRequestsPerMonth(10, { factsSeconds: 300, factsUnits: 2 })).toBe(10 * (129_600 + 2 * 8_640))
  })

  it('of a visible command grows with the time for which all agents see it, up to its retention', () => {
    expect([0.6, 1.3, 4, 15].map(receivesWhileVisible)).toEqual([4, 5, 8, 19])
    expect(receivesWhileVisible(0)).toBe(1)
    expect(receivesWhileVisible(3600)).toBe(receivesWhileVisible(60))
  })

  it('is told in as many digits as say something', () => {
    const told = [0, 100, 1_000, 200_000, 1_000_000].map((requests) => printPrice(requests, inEnglish))
    expect(told).toEqual(['$0', 'less than $0.0001', '$0.0004', '$0.0800', '$0.40'])
  })
})
