import { describe, expect, it } from 'vitest'
import { valueChanges } from '../../../src/answers/valueChanges.ts'

const lines = (text: string) => text.split('\n')
const df = (root: string, data: string) =>
  lines(
    `Filesystem  Size  Used Avail Use% Mounted on\n/dev/vda1    20G   19G    1G  ${root} /\ntmpfs         2G    0G    2G  ${data} /run`,
  )

describe('the values that differ between two outputs', () => {
  it('are named by their column and row', () => {
    expect(valueChanges(df('97%', ' 1%'), df('41%', ' 1%'))).toEqual([
      { kind: 'value', name: 'Use% of /', before: '97%', after: '41%' },
    ])
  })

  it('begin with those of the columns that matter, of all rows', () => {
    const disks = (...uses: number[]) =>
      lines(`Used Use% Mounted on\n${uses.map((use, at) => `${use}G  ${use}%  /disk${at}`).join('\n')}`)
    const changes = valueChanges(disks(97, 95), disks(41, 42), ['Use%', 'Use%', 'fact'])
    expect(changes?.map((change) => change.name)).toEqual([
      'Use% of /disk0',
      'Use% of /disk1',
      'Used of /disk0',
      'Used of /disk1',
    ])
    expect(valueChanges(disks(97), disks(41), ['Use%'])?.map(({ name }) => name)).toEqual(['Use%', 'Used'])
  })

  it('are named by their column alone where there is one row', () => {
    const one = (use: string) => df(use, ' 1%').slice(0, 2)
    expect(valueChanges(one('97%'), one('41%'))).toEqual([
      { kind: 'value', name: 'Use%', before: '97%', after: '41%' },
    ])
  })

  it('are rows that came and went, by their key', () => {
    const units = (...names: string[]) =>
      lines(
        ['UNIT           LOAD   ACTIVE', ...names.map((name) => `${name.padEnd(14)} loaded failed`)].join(
          '\n',
        ),
      )
    expect(valueChanges(units('a.service', 'b.service'), units('b.service', 'c.service'))).toEqual([
      { kind: 'row', name: 'c.service', is: 'new' },
      { kind: 'row', name: 'a.service', is: 'gone' },
    ])
  })

  it('are paths of JSON', () => {
    expect(valueChanges(['{"disk":{"free":1}}'], ['{"disk":{"free":7}}'])).toEqual([
      { kind: 'value', name: 'disk.free', before: '1', after: '7' },
    ])
  })

  it('are those of lines with the same words, named by the word before', () => {
    expect(valueChanges(['removed 3 files, freed 12M'], ['removed 40 files, freed 12M'])).toEqual([
      { kind: 'value', name: 'removed', before: '3', after: '40' },
    ])
  })

  it.each([
    [['all good'], ['all bad']],
    [['one'], ['one', 'two']],
    [Array.from({ length: 501 }, () => 'a 1'), Array.from({ length: 501 }, () => 'a 2')],
  ])('are unknown where the outputs do not compare', (then, now) => {
    expect(valueChanges(then, now)).toBeUndefined()
  })

  it('are none where nothing differs', () => {
    expect(valueChanges(df('97%', '1%'), df('97%', '1%'))).toEqual([])
  })
})
