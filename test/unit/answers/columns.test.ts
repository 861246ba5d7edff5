import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Column, columnText, columnTitle, readColumn } from '../../../src/answers/column.ts'
import { columnReader, factValue, isOutputColumn } from '../../../src/answers/columnValues.ts'
import { fleetTable, parseRowChoice } from '../../../src/answers/fleetTable.ts'
import { findRecords } from '../../../src/answers/records.ts'
import { valuesRecord } from '../../../src/answers/valuesRecord.ts'

describe('a column', () => {
  it.each<[string, Column, string]>([
    ['Use%', { kind: 'value', name: 'Use%' }, 'Use%'],
    ['fact:ec2.az', { kind: 'fact', path: 'ec2.az' }, 'ec2.az'],
    ['capture:(x+)', { kind: 'capture', expression: '(x+)' }, '(x+)'],
    ['capture:(?P<days>x+)', { kind: 'capture', expression: '(?P<days>x+)' }, 'days'],
    ['json:disks[0].free', { kind: 'json', path: 'disks[0].free' }, 'disks[0].free'],
    ['key:state', { kind: 'key', name: 'state' }, 'state'],
  ])('is %s as text', (text, column, title) => {
    expect(readColumn(text)).toEqual(column)
    expect(columnText(column)).toBe(text)
    expect(columnTitle(text)).toBe(title)
  })

  it('of a table keeps its name, whatever a server calls it', () => {
    const names = fc.oneof(fc.string(), fc.constantFrom('fact:x', 'capture:(x', 'column:x', 'json:a', 'key:'))
    fc.assert(
      fc.property(names, (name) => {
        expect(readColumn(columnText({ kind: 'value', name }))).toEqual({ kind: 'value', name })
        expect(columnTitle(columnText({ kind: 'value', name }))).toBe(name)
      }),
    )
  })
})

describe('what an output says in a column', () => {
  it.each([
    ['key:state', 'noise\nstate=running since=today', 'running'],
    ['key:state', 'State: x\nstate: running since today', 'running since today'],
    ['key:state', 'a=1 state="up and running" b=2', 'up and running'],
    ['key:state', '  "state": "up",', 'up'],
    ['key:state', 'substate=9', undefined],
    ['key:a.b', 'axb=1\na.b=2', '2'],
    ['json:disks[0].free', '{"disks":[{"free":7}]}', '7'],
    ['json:status', 'starting\n{"level":"info"}\n{"status":"ok"}', 'ok'],
    ['json:a', '{"a":{"b":[1]}}', '{"b":[1]}'],
    ['json:a."b.c"', '{"a":{"b.c":null}}', 'null'],
    ['json:[1].name', '[{"name":"x"},{"name":"y"}]', 'y'],
    ['json:constructor', '{"a":1}', undefined],
    ['json:__proto__', '{"a":1}', undefined],
    [String.raw`capture:up (\d+) days`, 'up 3 min\nup 162 days\nup 5 days', '162'],
  ])('%s of %j is %s', async (text, output, value) => {
    const read = columnReader([readColumn(text)].filter(isOutputColumn))
    expect((await read(output.split('\n'), () => {})).get(text)).toBe(value)
  })

  it.each([
    ['json:', 'Write which path'],
    ['json:a..b', '“..b” is not a path in JSON, such as disks[0].free.'],
    ['json:a[x]', '“[x]” is not a path in JSON, such as disks[0].free.'],
    ['key:', 'Write which key'],
    ['capture:x', 'Put the part that is the value in parentheses'],
  ])('%s is refused with the reason', (text, reason) => {
    expect(() => columnReader([readColumn(text)].filter(isOutputColumn))).toThrow(reason)
  })

  it('is a fact as one line of text', () => {
    expect(factValue({ ec2: { tags: ['a', 'b'] } }, 'ec2.tags')).toBe('a, b')
    expect(factValue({ ec2: 1 }, 'ec2.az')).toBeUndefined()
    expect(factValue(undefined, 'ec2')).toBeUndefined()
  })
})

describe('the table of chosen columns', () => {
  const agents = [
    agent('web-1', 'NAME  USE\n/  9%\n/srv  8%', { 'fact:az': 'a' }),
    agent('web-2', 'no such file', { 'fact:az': 'b' }),
    agent('web-3', 'no such file', {}),
  ]

  it('has a row for each row of the output, beside which facts stand', () => {
    const table = fleetTable(agents, undefined, ['USE', 'fact:az'].map(readColumn))
    expect(table.rows.map(({ hostname, values }) => [hostname, ...values])).toEqual([
      ['web-1', '9%', 'a'],
      ['web-1', '8%', 'a'],
    ])
    expect(table.columns).toEqual(['USE', 'fact:az'])
    expect(table.offered).toEqual(['NAME', 'USE'])
    expect(table.without).toEqual(['web-2', 'web-3'])
  })

  it('has one row for each agent where no column is of the output', () => {
    const table = fleetTable(agents, undefined, [readColumn('fact:az')])
    expect(table.rows.map(({ hostname, values }) => [hostname, ...values])).toEqual([
      ['web-1', 'a'],
      ['web-2', 'b'],
    ])
    expect(table.without).toEqual(['web-3'])
  })

  it('has the rows that are chosen by a key that is no column', () => {
    const table = fleetTable(agents, parseRowChoice('NAME=/srv'), ['USE', 'fact:az'].map(readColumn))
    expect(table.rows.map(({ values }) => values)).toEqual([['8%', 'a']])
  })
})

describe('the values of sentences', () => {
  it.each([
    [
      ' 11:27:10 up 162 days,  1:05,  2 users,  load average: 0.00, 0.01, 0.05',
      { up: '162 days,  1:05', users: '2', 'load average': '0.00', 'load average 2': '0.01' },
    ],
    ['nginx version: 1.18.0', { 'nginx version': '1.18.0' }],
    ['took 5s for 12 files', { took: '5s' }],
  ])('of %s are named by the words before or after them', (line, values) => {
    const record = valuesRecord([line])
    const named = Object.fromEntries(record?.columns.map((name, at) => [name, record.rows[0]?.[at]]) ?? [])
    expect(named).toMatchObject(values)
  })

  it('are those of most agents: other sentences have no row', () => {
    const said = (hostname: string, text: string) => ({
      ...{ agentId: hostname, hostname },
      records: valuesRecord([text]),
    })
    const table = fleetTable(
      [said('a', 'took 5s'), said('b', 'took 6s'), said('c', 'failed after 7s')],
      undefined,
    )
    expect(table.columns).toEqual(['took'])
    expect(table.without).toEqual(['c'])
  })

  it('are none of a long text', () => {
    expect(valuesRecord(Array.from({ length: 21 }, (_, index) => `line ${index}`))).toBeUndefined()
    expect(valuesRecord(['no value at all'])).toBeUndefined()
  })
})

function agent(hostname: string, output: string, others: Record<string, string>) {
  return {
    ...{ agentId: hostname, hostname },
    records: findRecords(output.split('\n')),
    others: new Map(Object.entries(others)),
  }
}
