import { describe, expect, it } from 'vitest'
import { describeTargets } from '../../../src/run/targetText.ts'
import { inEnglish } from '../../../src/text/translate.ts'

describe('the targets of a run in words', () => {
  it.each([
    ['role=web', undefined, 'role=web'],
    ['role=web', 2, 'role=web'],
    ['*', undefined, 'every agent'],
    ['*', 1, '1 chosen agent'],
    ['*', 12, '12 chosen agents'],
  ])('of %s with %s agents chosen by hand are %s', (filter, chosen, words) => {
    expect(describeTargets(filter, chosen, inEnglish)).toBe(words)
  })
})
