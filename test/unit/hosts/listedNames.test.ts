import { describe, expect, it } from 'vitest'
import { foldHosts } from '../../../src/hosts/hostFolding.ts'
import { mostListCharacters, readListedNames } from '../../../src/hosts/listedNames.ts'

const names = (text: string) => {
  const read = readListedNames(text)
  return read.kind === 'names' ? read.names : read.kind
}

describe('A list of names', () => {
  it.each([
    ['blanks', 'web-01 web-02  db-01'],
    ['commas', 'web-01,web-02, db-01'],
    ['semicolons', 'web-01;web-02; db-01;'],
    ['lines of Windows', 'web-01\r\nweb-02\r\n\r\ndb-01\r\n'],
    ['tabs of a table', 'web-01\tweb-02\tdb-01'],
    ['quotation marks', `"web-01", 'web-02' \`db-01\``],
    ['JSON', '["web-01", "web-02", "db-01"]'],
    ['YAML', '- web-01\n- web-02\n- db-01'],
    ['a sentence', 'web-01, web-02 and db-01.'],
    ['folded ranges', 'web-[01-02],db-01'],
    ['full stops of DNS', 'web-01. web-02. db-01.'],
  ])('is read with %s', (_, text) => {
    expect(names(text)).toEqual(['web-01', 'web-02', 'db-01'])
  })

  it('has each name once', () => {
    expect(names('a1 a1 a[1-2]')).toEqual(['a1', 'a2'])
  })

  it('is what this product folds, whatever the names are', () => {
    const hosts = [
      'web-001.eu1.example.com',
      'web-002.eu1.example.com',
      'web-009.eu1.example.com',
      'rack1-n2',
      'w<U+0435>b',
    ]
    const folded = foldHosts(hosts)
    expect(folded).toContain('web-[001-002,009].eu1.example.com')
    expect([...(names(folded) as string[])].sort()).toEqual([...hosts].sort())
  })

  it.each([
    'role=web',
    'not web-01',
    'web-01 and not web-02',
    'a<b',
    'all but web-01',
    'role in (web, db)',
    'a && b',
  ])('is not %s, which means something else', (text) => {
    expect(names(text)).toBe('no-list')
  })

  it('names the ranges that it cannot read', () => {
    expect(readListedNames('web-[03-01] web-[1-999999] db-01')).toEqual({
      kind: 'names',
      names: ['db-01'],
      unreadable: [
        { text: 'web-[03-01]', why: '[03-01]: "03-01" is neither a number nor a range like 01-20' },
        { text: 'web-[1-999999]', why: '[1-999999] stands for more than 10000 names' },
      ],
    })
  })

  it.each([
    ['more than 100 KB', 'a '.repeat(mostListCharacters)],
    ['more than 10,000 names', 'a[1-9000] b[1-9000]'],
    ['many ranges that are too large', 'a[1-9999]x[1-2] '.repeat(6_000)],
  ])('is refused with %s', (_, text) => {
    expect(names(text)).toBe('too-long')
  })

  it.each(['[', '"', "'", '[1', '[ ', '<U+', '\\"', '[1-9999][1-9999]'])(
    'is read in linear time of 100 KB of %j',
    (piece) => {
      const text = piece.repeat(Math.floor(mostListCharacters / piece.length))
      expect(['names', 'too-long', 'no-list']).toContain(readListedNames(text).kind)
    },
  )
})
