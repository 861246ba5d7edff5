import { describe, expect, it } from 'vitest'
import { pathAt, placeAt } from '../../../src/declarations/filePlace.ts'

/** The place of the `|` in a text without it. */
const at = (text: string) => placeAt(text.replace('¦', ''), text.indexOf('¦'))

describe('placeAt', () => {
  it.each([
    ['¦', { kind: 'key', of: 'file' }],
    ['environments:\n  testing:\n    ¦', { kind: 'key', of: 'environment' }],
    [
      'environments:\n  testing:\n    region: x\n    pro¦',
      { kind: 'key', of: 'environment', taken: ['region'] },
    ],
    ['environments:\n  testing:\n    rollout:\n      ¦', { kind: 'key', of: 'rollout' }],
    ['snippets:\n  Restart web:\n    ¦\n    command: ls', { kind: 'key', of: 'snippet', taken: ['command'] }],
    ['snippets:\n  x:\n    inputs:\n      NAME:\n        ¦', { kind: 'key', of: 'input' }],
    ['snippets:\n  x:\n    filter: role=w¦', { kind: 'value', of: 'snippet', key: 'filter', text: 'role=w' }],
  ])('knows what may stand in %j', (text, place) => {
    expect(at(text)).toMatchObject(place)
  })

  it.each([
    'snippets:\n  ¦',
    '# ¦',
    'snippets:\n  x:\n    command: |\n      ¦',
    'snippets:\n  x:\n    command: |\n      for i in 1; do\n        ¦',
    'other:\n  x:\n    ¦',
  ])('offers nothing in %j', (text) => {
    expect(at(text)).toBeUndefined()
  })
})

describe('pathAt', () => {
  const text =
    'environments:\n  testing:\n    region: eu-west-1\nsnippets:\n  Disk:\n    filter: role=web\n    command: df\n'

  it('finds the entry and the key under the mouse', () => {
    expect(pathAt(text, text.indexOf('role=web') + 2)).toEqual(['snippets', 'Disk', 'filter'])
    expect(pathAt(text, text.indexOf('eu-west'))).toEqual(['environments', 'testing', 'region'])
    expect(pathAt(text, text.indexOf('testing'))).toEqual(['environments', 'testing'])
    expect(pathAt(text, 0)).toBeUndefined()
  })
})
