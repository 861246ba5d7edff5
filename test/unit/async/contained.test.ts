import { describe, expect, it } from 'vitest'
import { contained } from '../../../src/async/contained.ts'
import { gatherWarnings } from '../../support/gatherWarnings.ts'

describe('A contained listener', () => {
  it('is called with what there is to tell', () => {
    const told: unknown[] = []
    contained((...all: unknown[]) => told.push(all))('a', 1)
    contained(undefined)()
    expect(told).toEqual([['a', 1]])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    [
      'throws what is no error',
      () => {
        throw 'broken'
      },
    ],
  ])('that %s becomes a warning of the process, and nothing of its caller’s', async (_, listener) => {
    const warnings = gatherWarnings()
    contained(listener)()
    const told = await warnings.stop()
    expect(told).toEqual([expect.stringMatching(/^Internal error \(please report it\): .*broken/)])
  })
})
