import { describe, expect, it } from 'vitest'
import type { RunHeader } from '../../../src/page/runHeader.ts'
import type { AgentRow, GroupRow, Snapshot } from '../../../src/page/toPage.ts'
import { RunModel } from '../../../webview/runModel.ts'

const row = (host: string, more: Partial<AgentRow> = {}): AgentRow => ({
  ...{ id: `i-${host}`, host, state: 'succeeded', bytes: 10, output: 'complete' },
  ...more,
})

const group = (id: number, more: Partial<GroupRow> = {}): GroupRow => ({
  ...{
    id,
    state: 'succeeded',
    count: 1,
    hosts: 'web1',
    majority: false,
    bytes: 10,
    preview: [],
    more: false,
  },
  ...more,
})

function modelOf(rows: readonly AgentRow[], groups: readonly GroupRow[] = []): RunModel {
  const model = new RunModel()
  const snapshot: Snapshot = {
    type: 'snapshot',
    seq: 0,
    run: {} as RunHeader,
    total: rows.length,
    counts: { succeeded: rows.length } as Snapshot['counts'],
    rows,
    groups: { total: groups.length, rows: groups, leads: 'groups' },
  }
  model.take(snapshot)
  return model
}

const hosts = (model: RunModel) => model.shown().map(({ host }) => host)

describe('RunModel', () => {
  it('orders hosts as people do, whenever they come', () => {
    const model = modelOf([row('web10'), row('web2'), row('db1')])
    model.sortBy({ by: 'host', down: false })
    expect(hosts(model)).toEqual(['db1', 'web2', 'web10'])
    const { counts } = model
    model.take({
      type: 'delta',
      seq: 1,
      total: 4,
      counts: counts as never,
      rows: [row('web3'), row('web2', { state: 'failed' })],
    })
    expect(hosts(model)).toEqual(['db1', 'web2', 'web3', 'web10'])
    expect(model.row('i-web2')?.state).toBe('failed')
  })

  it('notices that a delta is missing', () => {
    const model = modelOf([row('web1')])
    const delta = { type: 'delta' as const, total: 1, counts: {} as never, rows: [] }
    expect(model.take({ ...delta, seq: 2 })).toBe(false)
    expect(model.take({ ...delta, seq: 1 })).toBe(true)
    expect(model.take({ ...delta, seq: 1 })).toBe(false)
  })

  it('narrows by state, by part of the name or id, and by matches', () => {
    const model = modelOf([row('web1'), row('web2', { state: 'failed' }), row('db1', { id: 'i-00ff' })])
    model.narrow({ states: new Set(['failed']) })
    expect(hosts(model)).toEqual(['web2'])
    model.narrow({ states: new Set(), hostText: 'WEB' })
    expect(hosts(model)).toEqual(['web2', 'web1'])
    model.narrow({ hostText: '00ff' })
    expect(hosts(model)).toEqual(['db1'])
    model.narrow({ hostText: '', onlyHits: true })
    expect(hosts(model)).toEqual([])
    model.hit('i-web2', 3)
    expect(hosts(model)).toEqual(['web2'])
  })

  it('sorts by a column, with the unknown last in both directions', () => {
    const model = modelOf([
      row('a', { durationMs: 5 }),
      row('b'),
      row('c', { durationMs: 50 }),
      row('d', { durationMs: 1, state: 'failed' }),
    ])
    model.sortBy({ by: 'duration', down: true })
    expect(hosts(model)).toEqual(['c', 'a', 'd', 'b'])
    model.sortBy({ by: 'duration', down: false })
    expect(hosts(model)).toEqual(['d', 'a', 'c', 'b'])
    model.sortBy({ by: 'state', down: false })
    expect(hosts(model)[0]).toBe('d')
    model.sortBy({ by: 'host', down: true })
    expect(hosts(model)).toEqual(['d', 'c', 'b', 'a'])
    expect(hosts(model)).toEqual(['d', 'c', 'b', 'a'])
  })

  it('has trouble first, and success last, unless it is sorted in another way', () => {
    const model = modelOf([
      row('a'),
      row('b', { state: 'running' }),
      row('c', { state: 'failed' }),
      row('d', { state: 'no-reply' }),
      row('e', { state: 'failed' }),
      row('f', { state: 'expected' }),
    ])
    expect(hosts(model)).toEqual(['c', 'e', 'd', 'b', 'f', 'a'])
    model.sortBy({ by: 'state', down: true })
    expect(hosts(model)).toEqual(['a', 'f', 'b', 'd', 'c', 'e'])
  })

  it('has what executed unexpectedly first, in each order', () => {
    const model = modelOf([
      row('a', { durationMs: 5 }),
      row('b', { state: 'failed', durationMs: 9 }),
      row('x', { state: 'unexpected', durationMs: 7 }),
      row('y', { state: 'unexpected' }),
    ])
    expect(hosts(model)).toEqual(['x', 'y', 'b', 'a'])
    for (const by of ['state', 'duration', 'bytes', 'host'] as const) {
      for (const down of [true, false]) {
        model.sortBy({ by, down })
        expect(hosts(model).slice(0, 2).toSorted()).toEqual(['x', 'y'])
      }
    }
  })

  it('counts the matches of a group once, not once for each member', () => {
    const model = modelOf(
      [row('a', { group: 7 }), row('b', { group: 7 }), row('c', { group: 8 })],
      [group(7), group(8)],
    )
    model.hit('i-a', 2)
    model.hit('i-b', 2)
    expect(model.groupHits(7)).toBe(2)
    model.narrow({ onlyHits: true })
    expect(model.shownGroups().map(({ id }) => id)).toEqual([7])
  })

  it('has a line with a match for each group that has one', () => {
    const model = modelOf([row('a', { group: 7 }), row('b', { group: 8 })], [group(7), group(8)])
    const line = { text: 'a needle', mark: [2, 6] } as const
    model.hit('i-a', 1, line)
    expect([model.groupHitLine(7), model.groupHitLine(8)]).toEqual([line, undefined])
    model.clearHits()
    expect(model.groupHitLine(7)).toBeUndefined()
  })

  it('names the one reply that there is to look at: of the only agent, or of all, in the end', () => {
    expect(modelOf([row('a')]).only()).toEqual({ agent: 'i-a' })
    const agreed = { ...group(7), bytes: 8, originals: 1 }
    const model = modelOf([row('a', { group: 7 }), row('b', { group: 7 })], [agreed])
    expect(model.only()).toBeUndefined()
    model.run = { phase: 'over' } as never
    expect(model.only()).toEqual({ group: 7 })
    model.groups = { ...model.groups, rows: [{ ...agreed, originals: 2 }] }
    expect(model.only()).toBeUndefined()
  })
})
