import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { layOut, layoutLimits } from '../../../src/answers/layout.ts'

const linesOf = (text: string) => {
  const layout = layOut(text.split('\n'))
  return layout.kind === 'laid-out' ? layout.lines : layout.kind
}

/** Without white space, but that in strings: another way than the one of the code, character by character. */
function withoutBlanks(text: string): string {
  let [kept, inString] = ['', false]
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string
    if (inString && character === '\\') {
      kept += character + text[at + 1]
      at += 1
    } else {
      if (character === '"') inString = !inString
      if (inString || !' \t\r\n'.includes(character)) kept += character
    }
  }
  return kept
}

describe('the layout of an output', () => {
  it('indents JSON, and leaves what is empty on its line', () => {
    expect(linesOf('{"a":[1,{"b":null}],"c":{},"d":[ ]}')).toEqual([
      '{',
      '  "a": [',
      '    1,',
      '    {',
      '      "b": null',
      '    }',
      '  ],',
      '  "c": {},',
      '  "d": []',
      '}',
    ])
  })

  it('keeps numbers, keys that occur twice, and escapes as they are written', () => {
    expect(linesOf('{"a":12345678901234567890.10,"a":1E400,"\\u0061":"\\u202e \\" , {x}"}')).toEqual([
      '{',
      '  "a": 12345678901234567890.10,',
      '  "a": 1E400,',
      '  "\\u0061": "\\u202e \\" , {x}"',
      '}',
    ])
  })

  it('indents each line that is JSON by itself', () => {
    expect(linesOf('{"a":1}\n\n[2]')).toEqual(['{', '  "a": 1', '}', '[', '  2', ']'])
  })

  it('aligns the columns of a table, and keeps what is around it', () => {
    expect(linesOf('name\tsize\tkind\na\t1\tfile\nlonger name\t20\tfolder')).toEqual([
      'name         size  kind',
      'a            1     file',
      'longer name  20    folder',
    ])
  })

  it.each([
    ['text', 'all is well'],
    ['a value that is no object or list', '42'],
    ['JSON with a raw control character in a string', '{"a":"\u0007"}'],
    ['JSON with a line break in a string', '{"a":"x\ny"}'],
    ['JSON that is cut off', '{"a":[1,2'],
    ['JSON with something after it', '{"a":1} done'],
    ['nothing', ''],
  ])('leaves %s as printed', (_, text) => {
    expect(linesOf(text)).toBe('as-printed')
  })

  it('ends at a depth and a size, also where only the indents would be large', () => {
    const nested = (depth: number, inner = '') => '['.repeat(depth) + inner + ']'.repeat(depth)
    expect(linesOf(nested(layoutLimits.depth))).not.toBe('too-deep')
    expect(linesOf(nested(layoutLimits.depth + 1))).toBe('too-deep')
    expect(linesOf(nested(400_000))).toBe('too-deep')
    expect(linesOf(`[${'1,'.repeat(500_000)}1]`)).toBe('too-large')
    expect(linesOf(nested(layoutLimits.depth, `${'1,'.repeat(100_000)}1`))).toBe('too-large')
  })

  it('changes no more than white space outside of strings', () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 6 }).filter((text) => /^[{[]/.test(text)),
        fc.nat(4),
        (json, indent) => {
          const text = JSON.stringify(JSON.parse(json), undefined, indent)
          const lines = linesOf(text) as readonly string[]
          expect(withoutBlanks(lines.join('\n'))).toBe(withoutBlanks(text))
          expect(linesOf(lines.join('\n'))).toEqual(lines)
        },
      ),
    )
  })

  it('changes no more than white space of a table', () => {
    const cell = fc.stringMatching(/^[a-z%/|]{1,12}$/)
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, fc.nat()), { minLength: 2, maxLength: 8 }), (rows) => {
        const lines = ['name\tmounted\tsize', ...rows.map((row) => row.join('\t'))]
        const layout = layOut(lines)
        if (layout.kind !== 'laid-out') return
        expect(layout.lines.join('').replaceAll(/\s/g, '')).toBe(lines.join('').replaceAll(/\s/g, ''))
        expect(layout.lines).toHaveLength(lines.length)
      }),
    )
  })
})
