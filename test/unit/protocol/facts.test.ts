import { describe, expect, it } from 'vitest'
import { type Facts, factAt } from '../../../src/protocol/facts.ts'

const facts: Facts = {
  os: { family: 'Debian', release: { major: '12' } },
  mountpoints: { '/var/log': { size_bytes: 5 } },
  models: ['a', 'b'],
  'ec2.role': 'web',
  'ec2.tags.owner': 'ops',
  ec2: { role_arn: 'x', region: null },
}

describe('factAt', () => {
  it('goes down one key per level', () => {
    expect(factAt(facts, ['os', 'release', 'major'])).toBe('12')
    expect(factAt(facts, ['mountpoints', '/var/log', 'size_bytes'])).toBe(5)
    expect(factAt(facts, ['os', 'release', 'minor'])).toBeUndefined()
    expect(factAt(facts, ['os', 'family', 'length'])).toBeUndefined()
  })

  it('takes elements of arrays by index, and nothing else of them', () => {
    expect(factAt(facts, ['models', '1'])).toBe('b')
    for (const key of ['2', '-1', '01', '1.0', 'length', 'map', '99999999999999999999']) {
      expect(factAt(facts, ['models', key])).toBeUndefined()
    }
  })

  it('finds a top-level key that is spelt with dots where nothing is nested', () => {
    expect(factAt(facts, ['ec2', 'role'])).toBe('web')
    expect(factAt(facts, ['ec2', 'tags', 'owner'])).toBe('ops')
    expect(factAt(facts, ['ec2.role'])).toBe('web')
    expect(factAt(facts, ['ec2', 'role_arn'])).toBe('x')
  })

  it('keeps null apart from nothing', () => {
    expect(factAt(facts, ['ec2', 'region'])).toBeNull()
  })

  it('never resolves to what an object inherits', () => {
    for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__defineGetter__']) {
      expect(factAt(facts, [key])).toBeUndefined()
      expect(factAt(facts, ['os', key])).toBeUndefined()
      expect(factAt(facts, ['os', key, 'name'])).toBeUndefined()
      expect(factAt(facts, ['models', key])).toBeUndefined()
    }
  })

  it('finds such a key where the data really has it', () => {
    const odd = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": "me"}') as Facts
    expect(factAt(odd, ['__proto__', 'polluted'])).toBe(1)
    expect(factAt(odd, ['constructor'])).toBe('me')
    expect(factAt({}, ['polluted'])).toBeUndefined()
  })
})
