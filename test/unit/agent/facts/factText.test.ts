import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseFactFile, parseFactOutput } from '../../../../agent/src/facts/factText.ts'

const fixtures = new URL('../../../fixtures/facts/', import.meta.url)

const clean = (facts: object) => ({ facts, warnings: [] })

describe('a fact file', () => {
  it.each(readdirSync(fixtures).filter((name) => name.endsWith('.json')))('from %s is understood', (name) => {
    const text = readFileSync(new URL(name, fixtures), 'utf8')
    const { facts } = parseFactFile(text, 'json')
    expect(facts.os).toHaveProperty('name')
    expect(parseFactFile(text, 'yaml')).toEqual(clean(facts))
    expect(parseFactOutput(text)).toEqual(clean(facts))
  })

  it('of words has classes', () => {
    expect(parseFactFile('role::web\nbase  ntp\nbase\n', 'words')).toEqual(
      clean({ classes: ['role::web', 'base', 'ntp'] }),
    )
    expect(parseFactFile('settings\r\nrole::web\r\n', 'yaml')).toEqual(
      clean({ classes: ['settings', 'role::web'] }),
    )
  })

  it('of words may have lines of key=value, which are no classes', () => {
    const text = '# by hand\nrole=web\nbase\nrack=4\n'
    expect(parseFactFile(text, 'words')).toEqual(clean({ role: 'web', rack: '4', classes: ['base'] }))
    expect(parseFactFile('role=web\nrack=4\n', 'yaml')).toEqual(clean({ role: 'web', rack: '4' }))
  })

  it('of pairs tells which line is none', () => {
    expect(parseFactFile('role=web\nthe rest\n', 'pairs')).toEqual({
      facts: { role: 'web' },
      warnings: ['line 2 is not key=value and is ignored: the rest'],
    })
  })

  it.each([[''], ['---\n'], ['# nothing yet\n'], ['\r\n']])('may be empty: %j', (text) => {
    for (const format of ['json', 'yaml', 'words', 'pairs'] as const) {
      if (text === '---\n' && format !== 'yaml') continue
      expect(parseFactFile(text, format)).toEqual(clean({}))
    }
  })

  it('keeps numbers and booleans what they are', () => {
    const text = 'cpus: 4\nvirtual: false\nload: 0.5\nnone:\naccount: 012345678901\n'
    expect(parseFactFile(text, 'yaml').facts).toEqual({
      cpus: 4,
      virtual: false,
      load: 0.5,
      none: null,
      account: '012345678901',
    })
  })

  it('may hold what Ruby wrote', () => {
    const text =
      "--- !ruby/object:Puppet::Node::Facts\nname: web\nvalues: !ruby/hash:Hash\n  osfamily: Debian\n  !ruby/sym role: 'web'\n  :tier: :gold\n"
    expect(parseFactFile(text, 'yaml').facts).toEqual({
      name: 'web',
      values: { osfamily: 'Debian', role: 'web', tier: 'gold' },
    })
  })

  it('with a key twice counts as it stands last, and warns', () => {
    expect(parseFactFile('role: web\nrole: db\n', 'yaml')).toEqual({
      facts: { role: 'db' },
      warnings: [expect.stringContaining('role is there twice')],
    })
  })

  it.each([['- a\n- b\n'], ['7'], ['[1]']])('that is no map is refused: %j', (text) => {
    expect(() => parseFactFile(text, 'yaml')).toThrow(/expected a map of facts/)
  })

  it('that is not valid says where', () => {
    expect(() => parseFactFile('role: web\nrack: [4\n', 'yaml')).toThrow(/not valid YAML: .* \(line \d/)
    expect(() => parseFactFile('{\n  "role": "web"\n  "rack": 4\n}', 'json')).toThrow(
      /not valid JSON: .* \(line 3, column 3\)/,
    )
  })

  it('cannot reach an object’s prototype', () => {
    const { facts } = parseFactFile('{"__proto__": {"polluted": true}, "constructor": "x"}', 'json')
    expect(Object.keys(facts)).toEqual(['__proto__', 'constructor'])
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('a fact file that would fill the memory', () => {
  const nine = (name: string) => Array.from({ length: 9 }, () => name).join(',')
  const bomb = `a: &a [${nine('lol')}]\n${'bcdefghi'
    .split('')
    .map((name, index) => `${name}: &${name} [${nine(`*${'abcdefgh'[index]}`)}]\n`)
    .join('')}`

  it.each([
    ['aliases of aliases', bomb, 'yaml', /facts of more than 100000 values/],
    [
      'aliases of long text',
      `a: &a ${'x'.repeat(100_000)}\nb: [${Array(200).fill('*a').join()}]`,
      'yaml',
      /characters/,
    ],
    ['lines of YAML', 'k: v\n'.repeat(1_400_000), 'yaml', /too large: more than 300000/],
    ['small maps of YAML', `[${'{a},'.repeat(1_000_000)}]`, 'yaml', /too large: more than 300000/],
    ['empty lists of JSON', `{"a":[${'[],'.repeat(1_000_000)}[]]}`, 'json', /too large: more than 300000/],
    ['many numbers', `{"a":[${'1,'.repeat(150_000)}1]}`, 'json', /facts of more than 100000 values/],
    ['nested JSON', `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`, 'json', /nested deeper than 64/],
    ['nested YAML', `${'['.repeat(100)}${']'.repeat(100)}`, 'yaml', /nested deeper than 64/],
    [
      'nested aliases',
      Array.from(
        { length: 80 },
        (_, index) => `a${index}: &a${index} {x: ${index ? `*a${index - 1}` : 1}}`,
      ).join('\n'),
      'yaml',
      /nested deeper than 64/,
    ],
  ] as const)('is refused: %s', (_, text, format, why) => {
    expect(() => parseFactFile(text, format)).toThrow(why)
  })

  it('is not taken for one that is only long', () => {
    const facts = Object.fromEntries(
      Array.from({ length: 18_000 }, (_, index) => [`k${index}`, 'x'.repeat(100)]),
    )
    expect(parseFactFile(JSON.stringify({ big: facts }), 'json').facts).toEqual({ big: facts })
  })
})

describe('what a fact program prints', () => {
  it('may be lines of key=value, with comments and the line ends of Windows', () => {
    expect(
      parseFactOutput('# made by hand\r\nrole=web\r\n\r\nurl=http://x/?a=b\r\nmod::tier = gold \r\n'),
    ).toEqual(clean({ role: 'web', url: 'http://x/?a=b', 'mod::tier': 'gold' }))
  })

  it.each([
    ['opts=-Dkey: value\n', { opts: '-Dkey: value' }],
    ['empty=\n', { empty: '' }],
    ['a=1\nb: 2=3\n', { a: '1' }],
  ])('keeps a pair whatever its value looks like: %j', (text, facts) => {
    expect(parseFactOutput(text).facts).toEqual(facts)
  })

  it('are read in linear time, however many spaces are in a value', () => {
    const value = `b${' '.repeat(200_000)}c`
    expect(parseFactOutput(`a= ${value} \n`).facts).toEqual({ a: value })
  })

  it.each([
    ['WARNING: no metadata\nrole=web\n', { role: 'web' }],
    ['WARNING: no metadata\n{"role": "web"}\n', { role: 'web' }],
    ['cannot reach it\n---\nrole: web\n', { role: 'web' }],
    ['one two three\nrole=web\n', { role: 'web' }],
  ])('keeps its facts behind other lines, and names those: %j', (text, facts) => {
    const read = parseFactOutput(text)
    expect(read.facts).toEqual(facts)
    expect(read.warnings).toEqual([
      expect.stringMatching(/(before its facts|is ignored): (WARNING|cannot|one two)/),
    ])
  })

  it.each([
    ['{"role": "web"}\ndone\n', 'done'],
    ['{"role": "web"}\r\n{"more": 1}\r\n', '{"more": 1}'],
    ['{"role": "web"} # as it is', undefined],
    ['{"role": "web"}}', '}'],
  ])('keeps JSON before other text, and names that: %j', (text, named) => {
    const warnings = named === undefined ? [] : [`ignored what it printed after its facts: ${named}`]
    expect(parseFactOutput(text)).toEqual({ facts: { role: 'web' }, warnings })
  })

  it('may end its lines as old programs, and those that count upwards in one line', () => {
    expect(parseFactOutput('1 %\r99 %\rrole=web\rrack=4\r').facts).toEqual({ role: 'web', rack: '4' })
  })

  it('is not what facter prints for people, and the error says what to do', () => {
    const forPeople = 'os => {\n  family => "Debian"\n}\nrole => web\n'
    expect(() => parseFactOutput(forPeople)).toThrow('add --yaml or --json')
    expect(parseFactOutput('version=>1.2\n').facts).toEqual({ version: '>1.2' })
  })

  it.each([
    ['role: web\nlist: [1, 2]\n', { role: 'web', list: [1, 2] }],
    [' {"role": "web"}', { role: 'web' }],
    ['\uFEFF{"role": "web"}', { role: 'web' }],
    ['\uFEFFrole=web\n', { role: 'web' }],
    ['{role: web}\n', { role: 'web' }],
    ['text: |\n  {"a": 1}\n', { text: '{"a": 1}\n' }],
    ['text: |\n  a=1\n', { text: 'a=1\n' }],
    ['\n', {}],
    ['---\n', {}],
  ])('may be YAML or JSON, or nothing: %j', (text, facts) => {
    expect(parseFactOutput(text)).toEqual(clean(facts))
  })

  it.each([
    ['- a\n', /expected a map of facts \(JSON or YAML\), or lines of key=value/],
    ['just words\n', /expected a map of facts/],
    ['{"role": "web"', /not valid JSON/],
    ['role: [web\n', /not valid YAML/],
  ])('is refused in words where it is none of these: %j', (text, why) => {
    expect(() => parseFactOutput(text)).toThrow(why)
  })
})
