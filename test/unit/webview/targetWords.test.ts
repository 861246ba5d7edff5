import { describe, expect, it } from 'vitest'
import { targetWords } from '../../../webview/targetWords.ts'

describe('the targets in the header of the page', () => {
  it.each([
    [{ filter: 'role=web' }, 'role=web'],
    [{ filter: '*' }, 'every agent'],
    [{ filter: '*', chosen: 1 }, '1 chosen agent'],
    [{ filter: '*', chosen: 1200 }, '1,200 chosen agents'],
    [{ filter: 'role=web', chosen: 2 }, 'role=web'],
  ])('of %j are %s', (run, words) => {
    expect(targetWords(run)).toBe(words)
  })
})
