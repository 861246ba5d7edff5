import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { describeRow } from '../../sqsProbe/printing.ts'
import { type ProbedRow, parseRecorded } from '../../sqsProbe/recorded.ts'
import { rows } from '../../sqsProbe/rows.ts'
import { tableOf } from '../../sqsProbe/table.ts'
import { rulesAsSeen } from '../../support/faults/asSeen.ts'

const row = (name: string, seen: string, change: Partial<ProbedRow> = {}): ProbedRow => ({
  ...{
    name,
    assumed: 'it is so',
    matters: 'src/queues/queues.ts',
    verdict: 'same',
    seen,
    evidence: [],
    replay: [],
  },
  ...change,
})
const run = (of: string, ...probed: ProbedRow[]) => ({
  format: 1 as const,
  of,
  at: '2026-01-01T00:00:00Z',
  rows: probed,
})

describe('a recorded probe', () => {
  it('is read as it was written', () => {
    const written = run('x', row('tags', 'told', { replay: [{ fault: { kind: 'empty' }, chance: 0.5 }] }))
    expect(parseRecorded(JSON.stringify(written), 'x.json')).toEqual(written)
  })

  it.each([
    ['{', 'x.json is not JSON'],
    ['{"format":2}', 'x.json is not a recorded probe: format: '],
    [JSON.stringify(run('x', { ...row('tags', 'y'), verdict: 'good' as 'same' })), 'rows.0.verdict: '],
    [
      JSON.stringify(run('x', row('a', 'b', { replay: [{ fault: { kind: 'drop' } as never }] }))),
      'rows.0.replay.0',
    ],
  ])('is refused with the place of what is wrong: %s', (text, message) => {
    expect(() => parseRecorded(text, 'x.json')).toThrow(message)
  })

  it('is a table beside others, with what differs in bold', () => {
    const table = tableOf([
      run('ours', row('a', '1 | 2'), row('b', 'yes')),
      run('theirs', row('a', 'no\n', { verdict: 'differs' })),
    ])
    expect(table.split('\n')).toEqual([
      '| row | assumed | ours | theirs | what depends on it |',
      '| --- | --- | --- | --- | --- |',
      '| `a` | it is so | 1 \\| 2 | **differs**: no | `src/queues/queues.ts` |',
      '| `b` | it is so | yes | – | `src/queues/queues.ts` |',
    ])
  })

  it('is printed without the control characters of the endpoint', () => {
    const evidence = [{ operation: 'X', request: '\u001b[2J', status: 400, headers: {}, answer: 'a\nb' }]
    expect(describeRow(row('a', 'b\u0007c', { verdict: 'differs', evidence }))).toBe(
      'differs  a\n         assumed: it is so\n         seen: b c\n         depends on it: src/queues/queues.ts\n         > X [2J\n         < 400 a b',
    )
  })

  it('is replayed with the sizes of all backlogs together', () => {
    const few = (...sizes: number[]) => ({ fault: { kind: 'few' as const, sizes } })
    const lag = { fault: { kind: 'lag' as const, ms: 900 } }
    const recorded = run('x', row('a', '', { replay: [few(3, 4)] }), row('b', '', { replay: [lag, few(10)] }))
    expect(rulesAsSeen(recorded)).toEqual([few(3, 4, 10), lag])
    expect(rulesAsSeen(run('x', row('a', '')))).toEqual([])
    expect(() => rulesAsSeen({ rows: [{ name: 'a' }] })).toThrow()
  })
})

describe('the table of docs/sqs-probe.md', () => {
  it('has every row of the probe', () => {
    const page = readFileSync('docs/sqs-probe.md', 'utf8')
    const named = [...page.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name)
    expect(named).toEqual(rows.map(({ name }) => name))
  })
})
