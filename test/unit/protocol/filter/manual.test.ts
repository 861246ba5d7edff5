import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { FILTER_LIMITS } from '../../../../src/protocol/filter/lexicon.ts'
import { filterFromLists } from '../../../../src/protocol/filter/lists.ts'
import { parseFilter } from '../../../../src/protocol/filter/parse.ts'
import { printFilter } from '../../../../src/protocol/filter/print.ts'
import type { FilterSyntaxError } from '../../../../src/protocol/filter/syntaxError.ts'

const manual = readFileSync(new URL('../../../../docs/filters.md', import.meta.url), 'utf8')

describe('docs/filters.md', () => {
  const examples = [...manual.matchAll(/```filter\n([^`]*)```/g)].flatMap(([, block = '']) =>
    block.trim().split('\n'),
  )

  it('has examples', () => {
    expect(examples.length).toBeGreaterThan(10)
  })

  it.each(examples)('shows a filter that parses: %s', (example) => {
    expect(() => parseFilter(example)).not.toThrow()
  })

  const options = [...manual.matchAll(/^\| `(-[wn] [^`]*)` +\| `([^`]*)` +\|$/gm)]

  it.each(options.map(([, option = '', filter = '']) => [option, filter]))(
    'says what %s means: %s',
    (option, filter) => {
      const items = [...option.matchAll(/-([wn]) (\S+)/g)]
      const of = (flag: string) => items.flatMap(([, name, item = '']) => (name === flag ? [item] : []))
      expect(printFilter(filterFromLists({ with: of('w'), without: of('n') }))).toBe(filter)
    },
  )

  it('shows an error as it is', () => {
    const [, typed = '', carets = '', message = ''] = /```\n(.*)\n( *\^+)\n(.*)\n```/.exec(manual) ?? []
    try {
      parseFilter(typed)
    } catch (error) {
      const { message: said } = error as FilterSyntaxError
      expect([(error as FilterSyntaxError).pointer(), said]).toEqual([`${typed}\n${carets}`, message])
    }
    expect.assertions(1)
  })

  it('names the limits', () => {
    for (const limit of Object.values(FILTER_LIMITS)) expect(manual).toContain(limit.toLocaleString('en'))
  })
})
