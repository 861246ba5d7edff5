import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseFactFile, parseFactOutput, toFacts } from '../../../../agent/src/facts/factText.ts'

const fixtures = new URL('../../../fixtures/facts/', import.meta.url)

describe('a fact file', () => {
  it.each(readdirSync(fixtures).filter((name) => name.endsWith('.json')))('from %s is understood', (name) => {
    const text = readFileSync(new URL(name, fixtures), 'utf8')
    const facts = parseFactFile(text, 'json')
    expect(facts.os).toHaveProperty('name')
    expect(parseFactFile(text, 'any')).toEqual(facts)
    expect(parseFactOutput(text)).toEqual(facts)
  })

  it('of words has classes', () => {
    expect(parseFactFile('role::web\nbase  ntp\nbase\n', 'words')).toEqual({
      classes: ['role::web', 'base', 'ntp'],
    })
    expect(parseFactFile('settings\nrole::web\n', 'any')).toEqual({ classes: ['settings', 'role::web'] })
  })

  it('may be empty', () => {
    expect(parseFactFile('', 'any')).toEqual({})
    expect(parseFactFile('---\n', 'any')).toEqual({})
  })

  it('keeps numbers and booleans what they are', () => {
    expect(parseFactFile('cpus: 4\nvirtual: false\nload: 0.5\nnone:\n', 'any')).toEqual({
      cpus: 4,
      virtual: false,
      load: 0.5,
      none: null,
    })
  })

  it('may hold what Ruby wrote', () => {
    const text =
      "--- !ruby/object:Puppet::Node::Facts\nname: web\nvalues: !ruby/hash:Hash\n  osfamily: Debian\n  !ruby/sym role: 'web'\n"
    expect(parseFactFile(text, 'any')).toEqual({ name: 'web', values: { osfamily: 'Debian', role: 'web' } })
  })

  it.each([['- a\n- b\n'], ['7'], ['[1]']])('that is no map is refused: %j', (text) => {
    expect(() => parseFactFile(text, 'any')).toThrow(/expected a map of facts/)
  })

  it('with invalid YAML is refused', () => {
    expect(() => parseFactFile('role: [web\n', 'any')).toThrow()
  })

  it('cannot reach an object’s prototype', () => {
    const facts = parseFactFile('{"__proto__": {"polluted": true}, "constructor": "x"}', 'json')
    expect(Object.keys(facts)).toEqual(['__proto__', 'constructor'])
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('is not nested without end', () => {
    expect(() => parseFactFile(`${'{"a":'.repeat(100)}1${'}'.repeat(100)}`, 'json')).toThrow(
      /nested deeper than 64/,
    )
  })
})

describe('what a fact program prints', () => {
  it('may be lines of key=value', () => {
    expect(parseFactOutput('role=web\n\nurl=http://x/?a=b\n')).toEqual({
      role: 'web',
      url: 'http://x/?a=b',
    })
  })

  it('may be YAML or JSON, or nothing', () => {
    expect(parseFactOutput('role: web\nlist: [1, 2]\n')).toEqual({ role: 'web', list: [1, 2] })
    expect(parseFactOutput(' {"role": "web"}')).toEqual({ role: 'web' })
    expect(parseFactOutput('\n')).toEqual({})
  })
})

describe('facts', () => {
  it('are plain data, whatever a parser makes', () => {
    const facts = toFacts({
      at: new Date(0),
      big: Number.POSITIVE_INFINITY,
      none: undefined,
      map: new Map([['a', 1]]),
    })
    expect(facts).toEqual({ at: '1970-01-01T00:00:00.000Z', big: 'Infinity', none: null, map: { a: 1 } })
  })
})
