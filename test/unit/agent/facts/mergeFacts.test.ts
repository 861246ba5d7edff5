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
      { path: 'os.name', value: 'Ubuntu', source: 'file' },
      { path: 'os.family', value: 'Debian', source: 'built-in' },
      { path: 'role', value: 'web', source: 'file' },
    ])
  })
})
