import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { lackingFor, needs } from '../../engine/needs.ts'
import { countTests, skippedIn } from '../../engine/outcome.ts'
import { rows } from '../../sqsProbe/rows.ts'

describe('what tests need of an engine', () => {
  it.each(needs)('is a row of the probe, and $test is there', ({ test, row }) => {
    const [file = '', sentence = ''] = test.split(' › ')
    expect(rows.map(({ name }) => name)).toContain(row)
    expect(existsSync(`test/${file}.test.ts`)).toBe(true)
    expect(readFileSync(`test/${file}.test.ts`, 'utf8')).toContain(sentence)
  })

  it('skips these tests alone, and only where the engine differs in that', () => {
    const file = '/home/ada/test/integration/queues/queues.test.ts'
    const sentence = 'tell who the credentials belong to'
    expect(lackingFor(file, sentence, new Set(['caller-identity', 'tags']))).toEqual(['caller-identity'])
    expect(lackingFor(file, sentence, new Set(['tags']))).toEqual([])
    expect(lackingFor(file, 'delete by batches of ten', new Set(['caller-identity']))).toEqual([])
    expect(
      lackingFor('/test/integration/cli/cmaster.test.ts', sentence, new Set(['caller-identity'])),
    ).toEqual([])
  })
})

describe('the outcome of a run against an engine', () => {
  it('names what was skipped', () => {
    const assertionResults = [
      { fullName: 'queues work', status: 'passed' },
      { fullName: 'queues tell', status: 'skipped' },
    ]
    const report = {
      ...{ numPassedTests: 1, numFailedTests: 0 },
      testResults: [{ name: '/home/ada/test/integration/queues/queues.test.ts', assertionResults }],
    }
    expect(skippedIn(report)).toEqual(['integration/queues/queues › queues tell'])
    expect(countTests(report)).toBe('1 passed, 0 failed, 1 skipped')
  })
})
