import { describe, expect, it } from 'vitest'
import { explainFacts, mergeFacts } from '../../../../agent/src/facts/mergeFacts.ts'

describe('merged facts', () => {
  it('hold maps key by key, and of anything else the later', () => {
    expect(
      mergeFacts([
        { os: { name: 'Debian', family: 'Debian' }, role: 'base', list: [1, 2] },
        { os: { name: 'Ubuntu' }, role: 'web', list: [3] },
      ]),
    ).toEqual({ os: { name: 'Ubuntu', family: 'Debian' }, role: 'web', list: [3] })
  })

  it('gather the classes of all', () => {
    expect(mergeFacts([{ classes: ['a', 'b'] }, { x: 1 }, { classes: ['b', 'c'] }])).toEqual({
      classes: ['a', 'b', 'c'],
      x: 1,
    })
  })

  it('keep names such as __proto__ as data', () => {
    const merged = mergeFacts([{}, JSON.parse('{"__proto__": {"polluted": 1}}'), { a: {} }])
    expect(Object.keys(merged)).toEqual(['__proto__', 'a'])
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('the explanation of facts', () => {
  it('names for each the source that had the last word', () => {
    const bySource = new Map([
      ['built-in', { os: { name: 'Debian', family: 'Debian' }, role: { deep: 1 } }],
      ['file', { os: { name: 'Ubuntu' }, role: 'web' }],
    ])
    expect(explainFacts(bySource)).toEqual([
      { path: ['os', 'name'], value: 'Ubuntu', sources: ['file'] },
      { path: ['os', 'family'], value: 'Debian', sources: ['built-in'] },
      { path: ['role'], value: 'web', sources: ['file'] },
    ])
  })

  it('tells classes as they are merged, with all who named some', () => {
    const bySource = new Map([
      ['file one', { classes: ['base', 'ntp'] }],
      ['file two', { role: 'web' }],
      ['file three', { classes: ['ntp', 'role::web'] }],
    ])
    expect(explainFacts(bySource)[0]).toEqual({
      path: ['classes'],
      value: ['base', 'ntp', 'role::web'],
      sources: ['file one', 'file three'],
    })
  })

  it('keeps names apart that have dots', () => {
    const bySource = new Map([
      ['file', { 'eth0.100': { ip: '10.0.0.1' }, eth0: { '100': { ip: '10.0.0.2' } } }],
    ])
    expect(explainFacts(bySource).map(({ path }) => path)).toEqual([
      ['eth0.100', 'ip'],
      ['eth0', '100', 'ip'],
    ])
  })

  it('takes no time that grows with the square of the facts', () => {
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`fact${index}`, index]))
    expect(explainFacts(new Map([['file', many]]))).toHaveLength(50_000)
  })
})
