import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFilter } from '../../../../src/protocol/filter/parse.ts'
import { everyone, readFilter, writeFilter } from '../../../../src/protocol/filter/writtenFilter.ts'
import { filter as anyFilter } from './arbitraryFilter.ts'

describe('A filter with its text', () => {
  it('keeps the text as it was written, without the space around it', () => {
    expect(readFilter(' role = web\n')).toEqual({ text: 'role = web', parsed: parseFilter('role=web') })
    expect(readFilter('*')).toEqual(everyone)
  })

  it('never says one thing and means another', () => {
    fc.assert(
      fc.property(anyFilter, (filter) => {
        const { text, parsed } = writeFilter(filter)
        expect(parseFilter(text)).toEqual(parsed)
        expect(readFilter(text)).toEqual({ text, parsed })
      }),
    )
  })

  it('is never everyone where nothing was written', () => {
    for (const text of ['', ' ', '\n'])
      expect(() => readFilter(text)).toThrow('To target every agent, write *')
  })
})
