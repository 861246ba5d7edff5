import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { excessOf, type JsonBounds, OutOfBounds, parseBounded } from '../../../src/protocol/boundedJson.ts'
import { anyText } from '../../support/anyText.ts'

const wide: JsonBounds = { characters: 1_000_000, depth: 1_000, marks: 100_000 }

/** What the text of a value has, counted on the value. */
function countsOf(value: unknown): { marks: number; depth: number } {
  if (typeof value !== 'object' || value === null) return { marks: 0, depth: 0 }
  const children = Object.values(value).map(countsOf)
  const own = 1 + Math.max(0, children.length - 1) + (Array.isArray(value) ? 0 : children.length)
  return {
    marks: children.reduce((sum, { marks }) => sum + marks, own),
    depth: 1 + children.reduce((deepest, { depth }) => Math.max(deepest, depth), 0),
  }
}

/** With the texts that a scanner could take for structure. */
const anyJson = fc
  .letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.oneof(
        anyText(),
        fc.constantFrom('\\', '"', '\\"', '\\\\', '{', '[[[', ',:,', '\\\\"]', '\ud800'),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
      ),
      fc.array(tie('value')),
      fc.dictionary(anyText(), tie('value')),
    ),
  }))
  .value.map((value) => JSON.stringify(value))

describe('bounded JSON', () => {
  it('is parsed as any other where each count is just reached, and refused where one is passed', () => {
    fc.assert(
      fc.property(anyJson, fc.constantFrom('', ' ', '\n'), (text, space) => {
        const json = JSON.parse(text)
        const padded = space + text + space
        const exact = { characters: padded.length, ...countsOf(json) }
        expect(parseBounded(padded, exact).json).toEqual(json)
        for (const count of ['characters', 'depth', 'marks'] as const) {
          if (exact[count] === 0) continue
          const refused = { ...exact, [count]: exact[count] - 1 }
          expect(() => parseBounded(padded, refused)).toThrow(OutOfBounds)
          expect(excessOf(padded, refused)).toBeDefined()
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('that is cut or changed anywhere is refused by the parser, not taken for something else', () => {
    fc.assert(
      fc.property(anyJson, fc.nat(), fc.constantFrom('', '"', '\\', '[', '}', ','), (text, place, put) => {
        const at = place % text.length
        const changed = text.slice(0, at) + put + text.slice(at + 1)
        let expected: unknown
        try {
          expected = JSON.parse(changed)
        } catch {
          expect(() => parseBounded(changed, wide)).toThrow(SyntaxError)
          return
        }
        expect(parseBounded(changed, wide).json).toEqual(expected)
      }),
    )
  })

  it('says what there is too much of', () => {
    const bounds = { characters: 20, depth: 2, marks: 5 }
    expect(() => parseBounded(`"${'x'.repeat(20)}"`, bounds)).toThrow(
      '22 characters, more than the limit of 20',
    )
    expect(() => parseBounded('[[[]]]', bounds)).toThrow('nested more than 2 levels deep')
    expect(() => parseBounded('[0,0,0,0,0,0]', bounds)).toThrow('more than 5 commas, colons and brackets')
  })

  it('takes less heap than it says, whatever its shape', () => {
    const parts = (count: number, part: (index: number) => string) =>
      `[${Array.from({ length: count }, (_, index) => part(index)).join()}]`
    const within = (count: number, key: (index: number) => string) =>
      `${Array.from({ length: count }, (_, index) => `{"${key(index)}":`).join('')}1${'}'.repeat(count)}`
    // Copies differ, as V8 shares keys and hidden classes.
    const shapes: Record<string, (copy: number) => string> = {
      'empty objects': () => parts(40_000, () => '{}'),
      'objects of one key each': (copy) => parts(12_000, (index) => `{"k${copy}_${index}":0}`),
      'objects with an index as key': () => parts(20_000, (index) => `{"${1000 + index}":0}`),
      'objects with large indices': () => parts(12_000, (index) => `{"${4_294_967_200 - index}":1}`),
      'objects with a hundred own keys': (copy) =>
        parts(220, (of) => `{${parts(100, (key) => `"k${copy}_${of}_${key}":1.5`).slice(1, -1)}}`),
      'objects with own keys within one another': (copy) =>
        parts(400, (of) => within(40, (key) => `k${copy}_${of}_${key}`)),
      'objects with indices within one another': () =>
        parts(300, (of) => within(50, (key) => String((of * 50 + key) * 7_919))),
      'lists within lists': () => parts(800, () => `${'['.repeat(55)}${']'.repeat(55)}`),
      'short texts': (copy) => parts(40_000, (index) => `"${(copy * 40_000 + index + 50_000).toString(36)}"`),
      'long texts': () => parts(100, (index) => `"${String(index).repeat(2_000)}"`),
      'texts of two bytes a character': () => parts(100, (index) => `"\u4e00${String(index).repeat(2_000)}"`),
      'the same, escaped': () => parts(100, (index) => `"\\u4e00${String(index).repeat(2_000)}"`),
      numbers: () => parts(40_000, (index) => String(index + 0.5)),
    }
    setFlagsFromString('--expose-gc')
    const gc: () => void = runInNewContext('gc')
    // In a function, so that nothing of one shape is left when the next one is measured.
    const measure = (text: (copy: number) => string) => {
      const copies = Array.from({ length: 10 }, (_, copy) => text(copy))
      gc()
      gc()
      const before = process.memoryUsage().heapUsed
      const kept = copies.map((copy) => parseBounded(copy, wide))
      gc()
      gc()
      const taken = process.memoryUsage().heapUsed - before
      return { taken, said: kept.reduce((sum, { heapBytes }) => sum + heapBytes, 0) }
    }
    for (const [shape, text] of Object.entries(shapes)) {
      const { taken, said } = measure(text)
      expect(taken, shape).toBeLessThan(said)
    }
  })
})
