import fc from 'fast-check'
import { dump, YAML11_SCHEMA } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { readYaml } from '../../../../agent/src/formats/yaml.ts'

const value = (text: string) => readYaml(text).value

describe('a word of YAML without quotes', () => {
  it.each([
    // What Ruby and Python would have put into quotes if it were text.
    ['4', 4],
    ['-12', -12],
    ['+3', 3],
    ['0', 0],
    ['1_000', 1000],
    ['0x1F', 31],
    ['0.5', 0.5],
    ['.5', 0.5],
    ['1.0e+20', 1e20],
    ['yes', true],
    ['On', true],
    ['TRUE', true],
    ['no', false],
    ['off', false],
    ['~', null],
    ['null', null],
    ['.inf', 'Infinity'],
    ['-.INF', '-Infinity'],
    ['.nan', 'NaN'],
    // What is text to them.
    ['012345678901', '012345678901'],
    ['0891', '0891'],
    ['1234567e8', '1234567e8'],
    ['61e9540', '61e9540'],
    ['123e4', '123e4'],
    ['1.5e3', '1.5e3'],
    ['0o17', '0o17'],
    ['1,000', '1,000'],
    ['y', 'y'],
    ['1.2.3', '1.2.3'],
    ['+', '+'],
    ['.', '.'],
    ['e5', 'e5'],
    // What a number would lose.
    ['0755', '0755'],
    ['00', '00'],
    ['-007', '-007'],
    ['01.5', '01.5'],
    ['12345678901234567890', '12345678901234567890'],
    ['0xFFFFFFFFFFFFFFFF', '0xFFFFFFFFFFFFFFFF'],
    ['1.0e+999', '1.0e+999'],
    // Times are text, as they are in facter.
    ['2024-05-01', '2024-05-01'],
    ['2024-05-01 10:00:00', '2024-05-01 10:00:00'],
    ['22:30', '22:30'],
    ['190:20:30', '190:20:30'],
    // Symbols of Ruby.
    [':four', 'four'],
    ['::1', '::1'],
    [':8080', ':8080'],
  ])('%s is %j', (text, expected) => {
    expect(value(`a: ${text}\n`)).toEqual({ a: expected })
    expect(value(`a: "${text}"\n`)).toEqual({ a: text })
    expect(value(`a: '${text}'\n`)).toEqual({ a: text })
  })

  it('is a word where it is a key', () => {
    expect(value('yes: 1\n0755: 2\nnull: 3\n1.10: 4\n:role: 5\n')).toEqual({
      yes: 1,
      '0755': 2,
      null: 3,
      '1.10': 4,
      role: 5,
    })
  })
})

describe('a tag', () => {
  it.each([
    ['!!str 1', '1'],
    ['!!int "1"', 1],
    ['!!float 1.5', 1.5],
    ['! 007', '007'],
    ['!ruby/sym four', 'four'],
    ['!ruby/symbol :four', 'four'],
    ['!<tag:ruby.yaml.org,2002:sym> four', 'four'],
    ['!ruby/regexp /web\\d+/', '/web\\d+/'],
    ["!!python/unicode 'café'", 'café'],
    ['!!python/none None', null],
    ['!!python/tuple [1, 2]', [1, 2]],
    ['!ruby/hash:Mash {a: 1}', { a: 1 }],
    ['!!set {a, b}', ['a', 'b']],
    ['!!omap [a: 1, b: 2]', { a: 1, b: 2 }],
    ['!binary aGVsbG8=', 'hello'],
    ['!!binary "Y2Fmw6k="', 'café'],
    ['!binary H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==', 'H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA=='],
    ['!anything/else x', 'x'],
  ])('leaves the data beneath it: %s', (text, expected) => {
    expect(value(`a: ${text}\n`)).toEqual({ a: expected })
  })

  it('stays where it is text', () => {
    expect(value("a: 'see !ruby/sym x'\nb: about !ruby/sym x\n")).toEqual({
      a: 'see !ruby/sym x',
      b: 'about !ruby/sym x',
    })
  })

  it('may stand at the top and at keys', () => {
    expect(value("--- !ruby/object:Facts\n!ruby/sym role: 'web'\n!map:Hash x: {}\n")).toEqual({
      role: 'web',
      x: {},
    })
  })
})

describe('merging with <<', () => {
  it('takes what the map does not say itself, wherever it stands', () => {
    const base = 'base: &base\n  team: payments\n  tier: gold\n'
    expect(value(`${base}app:\n  <<: *base\n  tier: silver\n`)).toMatchObject({
      app: { team: 'payments', tier: 'silver' },
    })
    expect(value(`${base}app:\n  tier: silver\n  <<: *base\n`)).toMatchObject({
      app: { team: 'payments', tier: 'silver' },
    })
  })

  it('prefers the first of several maps', () => {
    const text = 'a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}\nd: {<<: *a, <<: *b}\n'
    expect(value(text)).toMatchObject({ c: { x: 1, y: 2 }, d: { x: 1, y: 2 } })
  })

  it('is a key like others where there is no map to merge, or in quotes', () => {
    expect(value("a: {<<: text}\nb: {'<<': {x: 1}}\n")).toEqual({
      a: { '<<': 'text' },
      b: { '<<': { x: 1 } },
    })
  })

  it('has an end', () => {
    const keys = Array.from({ length: 500 }, (_, index) => `k${index}: 1`).join(', ')
    const merges = Array.from({ length: 50 }, (_, index) => `m${index}: {<<: *a}`).join('\n')
    expect(() => value(`a: &a {${keys}}\n${merges}\n`)).toThrow(/more than 10000 keys to merge/)
  })
})

describe('a key that is there twice', () => {
  it('counts as it stands last, with a warning that says where', () => {
    expect(readYaml('role: web\nrack: 4\nrole: db\n')).toEqual({
      value: { role: 'db', rack: 4 },
      warnings: ['role is there twice (lines 1 and 3): the last one counts'],
    })
  })

  it('may be deep inside, and be merged, which is no mistake', () => {
    const text = 'a: &a\n  x: 1\n\nb:\n  <<: *a\n  x: 2\n  y: 3\n  y: 4\n'
    expect(readYaml(text)).toMatchObject({
      value: { b: { x: 2, y: 4 } },
      warnings: ['y is there twice (lines 7 and 8): the last one counts'],
    })
  })
})

describe('YAML', () => {
  it.each([
    ['', null],
    ['# nothing\n', null],
    ['---\n', null],
    ['--- \n...\n', null],
    ['plain words\nhere\n', 'plain words here'],
    ['- 1\n- a\n', [1, 'a']],
    ['%YAML 1.1\n---\na: on\n', { a: true }],
    ['a: |\n  one\n  two\nb: >-\n  x\n  y\n', { a: 'one\ntwo\n', b: 'x y' }],
    ['a: &x [1]\nb: *x\n', { a: [1], b: [1] }],
    ['&k key: 1\nb: *k\n', { key: 1, b: 'key' }],
    ['? long\n: 1\n', { long: 1 }],
    ['a:\r\n  b: 1\r\n', { a: { b: 1 } }],
  ])('of %j is %j', (text, expected) => {
    expect(readYaml(text)).toEqual({ value: expected, warnings: [] })
  })

  it('of several documents is the first, with a warning', () => {
    expect(readYaml('a: 1\n---\nb: 2\n')).toEqual({
      value: { a: 1 },
      warnings: ['only the first of its YAML documents is read'],
    })
  })

  it.each([
    ['a: [1\n', /not valid YAML: .* \(line \d+, column \d+\)/],
    ['a: 1\n b: 2\n', /not valid YAML/],
    ['a: *none\n', /\*none has no anchor before it \(line 1\)/],
    ['a: &a [*a]\n', /\*a has no anchor before it/],
    ['x: 1\n? [1, 2]\n: 3\n', /a list or map as the key of a map \(line 2\)/],
    ['['.repeat(100) + ']'.repeat(100), /nested deeper than 64 levels/],
  ])('%j is refused in words', (text, why) => {
    expect(() => readYaml(text)).toThrow(why)
  })

  it.each([
    [
      'characters',
      'x'.repeat(8 * 1024 * 1024 + 1),
      /too large: 8388609 characters, more than the limit of 8388608/,
    ],
    ['values', `[${'1,'.repeat(300_000)}]`, /too large: more than 300000 commas, colons, brackets and lines/],
    [
      'characters in a key',
      `a: 1\n? ${'k'.repeat(4_097)}\n: 2\n`,
      /a key of 4097 characters, .* 4096 \(line 2\)/,
    ],
  ])('of too many %s is refused in words', (_, text, why) => {
    expect(() => readYaml(text)).toThrow(why)
  })

  it('whose aliases stand for a thousand million values is as large as it is written', () => {
    const lines = 'bcdefghi'.split('').map((name, index) => {
      return `${name}: &${name} [${Array(10).fill(`*${'abcdefgh'[index]}`).join(', ')}]`
    })
    const map = value(`a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n${lines.join('\n')}\n`) as {
      h: object
      i: object[]
    }
    expect(map.i.every((each) => each === map.h)).toBe(true)
  })

  it('quotes no more than the beginning of a key', () => {
    const key = 'k'.repeat(4_000)
    const { warnings } = readYaml(`${key}: 1\n${key}: 2\n`)
    expect(warnings).toEqual([`${'k'.repeat(80)}… is there twice (lines 1 and 2): the last one counts`])
  })

  it('keeps keys such as __proto__ as data', () => {
    const read = value('__proto__: {polluted: 1}\nb: {<<: {__proto__: 2}}\n') as Record<string, object>
    expect(Object.keys(read)).toEqual(['__proto__', 'b'])
    expect(Object.keys(read.b as object)).toEqual(['__proto__'])
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('as a writer of YAML 1.1 gives it says what was written', () => {
    // Only Ruby has symbols, and quotes text that looks like one.
    const word = fc.string().filter((text) => !/^:[A-Za-z_]/.test(text))
    const scalar = fc.oneof(
      word,
      fc.stringMatching(/^[-+0-9._eExyno][-+0-9._:eExyno]{0,11}$/),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
    )
    const data = fc.letrec((tie) => ({
      any: fc.oneof({ depthSize: 'small' }, scalar, fc.array(tie('any')), fc.dictionary(word, tie('any'))),
    })).any
    fc.assert(
      fc.property(data, (original) => {
        // A number that is written with too many digits, or without a sign in its exponent, is text to a reader.
        expect(numbersAsText(value(dump(original, { schema: YAML11_SCHEMA })))).toEqual(
          numbersAsText(original),
        )
      }),
    )
  })
})

function numbersAsText(data: unknown): unknown {
  if (typeof data === 'number') return String(data)
  if (typeof data === 'string')
    return Number.isFinite(Number(data)) && data.trim() !== '' ? String(Number(data)) : data
  if (Array.isArray(data)) return data.map(numbersAsText)
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(Object.entries(data).map(([key, item]) => [key, numbersAsText(item)]))
}
