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
    const agents = chosen === undefined ? undefined : { count: chosen }
    expect(describeTargets(filter, agents, inEnglish)).toBe(words)
  })

  it.each([
    [['web-003', 'web-004', 'web-005', 'web-006'], '4 chosen agents (web-[003-006])'],
    [['db-1'], '1 chosen agent (db-1)'],
    [Array.from({ length: 501 }, (_, index) => `web${index}`), '501 chosen agents'],
  ])('name the agents that were chosen by hand, unless they are too many', (hosts, words) => {
    expect(describeTargets('*', { count: hosts.length, hosts }, inEnglish)).toBe(words)
  })

  it('stay on one line, however long the names are', () => {
    const hosts = ['a', 'b'].map((letter) => letter.repeat(250))
    const words = describeTargets('*', { count: 2, hosts }, inEnglish)
    expect(words.length).toBeLessThan(100)
    expect(words).toMatch(/^2 chosen agents \(a+…\)$/)
  })
})
