import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldHosts, unfoldHosts } from '../../../src/hosts/hostFolding.ts'
import { nameProblems } from '../../../src/hosts/similarNames.ts'
import { hostnameCharacters, shownHostname } from '../../../src/text/shownHostname.ts'

describe('A host name that a server reports', () => {
  it('is shown as it is when it is a plain one', () => {
    for (const name of ['web-01', 'db_2.example.COM']) expect(shownHostname(name)).toBe(name)
  })

  it.each([
    ['wеb-01', 'w<U+0435>b-01'],
    ['web-01\ufe0f', 'web-01<U+FE0F>'],
    ['\u2800', '<U+2800>'],
    ['web\u3164', 'web<U+3164>'],
    ['web-01\u0301', 'web-01<U+0301>'],
    ['a/b', 'a<U+002F>b'],
    ['<b>', '<U+003C>b<U+003E>'],
    ['$(rocket)', '<U+0024><U+0028>rocket<U+0029>'],
    ['𝐰eb', '<U+1D430>eb'],
    ['w<U+0435>b', 'w<U+003C>U<U+002B>0435<U+003E>b'],
  ])('is shown with codes for all else: %j', (name, shown) => {
    expect(shownHostname(name)).toBe(shown)
  })

  it('never looks like another, and its characters can be read again', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0x10ffff })), (points) => {
        const name = String.fromCodePoint(...points)
        const shown = shownHostname(name)
        expect(shown).toMatch(/^[A-Za-z0-9._<>U+-]*$/)
        expect(hostnameCharacters(shown)).toBe(name)
      }),
    )
  })

  it('keeps its codes when it is folded with others', () => {
    const names = ['wеb-01', 'wжb-01', 'web-01', 'web-02'].map(shownHostname)
    expect(foldHosts(names)).toBe('w<U+0435>b-01,w<U+0436>b-01,web-[01-02]')
    expect(unfoldHosts(foldHosts(names)).sort()).toEqual([...names].sort())
  })
})

describe('Host names that a person cannot tell apart', () => {
  const problemOf = (...names: string[]) => nameProblems(names.map(shownHostname))

  it('are doubled when they are equal', () => {
    expect(problemOf('web-01', 'web-02', 'web-01')).toEqual(['doubled', undefined, 'doubled'])
  })

  it.each([
    ['capital letters', 'WEB-01'],
    ['a Cyrillic letter', 'wеb-01'],
    ['a Greek letter', 'ωeb-01'],
    ['a variation selector', 'web-01\ufe0f'],
    ['an invisible letter', 'web\u115f-01'],
    ['a zero-width joiner', 'w\u200deb-01'],
    ['blank braille', 'web-01\u2800'],
    ['mathematical letters', '𝐰𝐞𝐛-01'],
    ['fullwidth letters', 'ｗｅｂ-01'],
    ['an accent', 'wéb-01'],
    ['another dash', 'web‑01'],
    ['O for 0', 'web-O1'],
    ['l for 1', 'web-0l'],
    ['I for 1', 'web-0I'],
  ])('look alike with %s', (_, other) => {
    expect(problemOf('web-01', other, 'db')).toEqual(['look-alike', 'look-alike', undefined])
  })

  it('are not those of a usual fleet', () => {
    const names = Array.from({ length: 200 }, (_, n) => [`web-${n}`, `db${n}.example.com`, `ip-10-0-0-${n}`])
    expect(new Set(nameProblems(names.flat()))).toEqual(new Set([undefined]))
  })
})
