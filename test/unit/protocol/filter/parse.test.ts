import { describe, expect, it } from 'vitest'
import { parseFilter } from '../../../../src/protocol/filter/parse.ts'
import { printFilter } from '../../../../src/protocol/filter/print.ts'
import { FilterSyntaxError } from '../../../../src/protocol/filter/syntaxError.ts'

describe('parseFilter', () => {
  it.each([
    ['role=web', 'role=web'],
    ['role = web , memcached', 'role=web,memcached'],
    ['role == web', 'role=web'],
    ['role in (web, memcached)', 'role=web,memcached'],
    ['role not in (web)', 'role!=web'],
    ['not role=web', 'role!=web'],
    ['not not role', 'role'],
    ['!role && (kernel = Linux || nginx)', 'not role and (kernel=Linux or nginx)'],
    ['a or b and c', 'a or b and c'],
    ['(a or b) and c', '(a or b) and c'],
    ['((a and b) and (c))', 'a and b and c'],
    ['NOT (a OR b)', 'not (a or b)'],
    ['not a and b', 'not a and b'],
    ['os.release.major>=9', 'os.release.major >= 9'],
    ['mountpoints."/".size_bytes < 5', 'mountpoints."/".size_bytes < 5'],
    ["mountpoints.'/var/log'", 'mountpoints."/var/log"'],
    ['networking.interfaces.*.ip in 10.0.0.0/8', 'networking.interfaces.*.ip in 10.0.0.0/8'],
    ['ip in (10.0.0.0/8, FD00::/8, 1.2.3.4)', 'ip in (10.0.0.0/8, fd00::/8, 1.2.3.4)'],
    ['ip not in 10.0.0.0/8', 'ip not in 10.0.0.0/8'],
    ['ip in ("10.0.0.0/8")', 'ip=10.0.0.0/8'],
    ['name =~ /^web-\\d+$/i', 'name =~ /^web-\\d+$/i'],
    ['name =~ "^web-\\d+$"', 'name =~ /^web-\\d+$/'],
    ['name !~ ^web', 'name !~ /^web/'],
    ['path =~ /\\/usr\\/bin/', 'path =~ /\\/usr\\/bin/'],
    ['"in"=x', '"in"=x'],
    ['classes=role::*', 'classes=role::*'],
    ['role::web', 'role::web'],
    ['x="web-*"', 'x="web-*"'],
    ['x="web"', 'x=web'],
    ["x='it\\'s \\u0041'", 'x="it\'s A"'],
    ['version=1.2~rc1', 'version=1.2~rc1'],
    ['a\n  and\tb', 'a and b'],
    ['  *\n', '*'],
  ])('reads %j as %s', (typed, canonical) => {
    expect(printFilter(parseFilter(typed))).toBe(canonical)
  })

  it.each([
    ['', 0, 'a filter', 'To target every agent, write *'],
    [' \t\n', 3, 'a filter', 'To target every agent, write *'],
    ['\u00a0', 0, 'a filter', 'To target every agent, write *'],
    ['*.ip=1', 0, 'the name of a fact', '* means every agent only if it is the whole filter'],
    ['role=web or *', 12, 'the name of a fact', '* means every agent'],
    ['(*)', 1, 'the name of a fact', '* means every agent'],
    ['not *', 4, 'the name of a fact', '* means every agent'],
    ['**', 0, 'the name of a fact', '* means every agent'],
    ['role=', 5, 'a value', 'the filter ends there'],
    ['role=web,', 9, 'a value', 'the filter ends there'],
    ['role=web db', 9, 'and, or, or the end of the filter', 'found "db"'],
    ['(role=web', 9, 'and, or, or )', 'the filter ends there'],
    ['role=web)', 8, 'and, or, or the end of the filter', 'found ")"'],
    ['a=b=c', 3, 'and, or, or the end of the filter', 'in quotes'],
    ['role=and', 5, 'a value', 'in quotes'],
    ['a and or b', 6, 'a fact, a class, not, or (', 'in quotes'],
    ['=web', 0, 'a fact, a class, not, or (', 'found "="'],
    ['a..b', 2, 'the next segment of the path', 'found ".b"'],
    ['eth*', 3, '. or an operator', 'classes=role::*'],
    ['a.*x', 3, '. or an operator', 'whole segment'],
    ['a not b', 6, 'in', 'use not only with in'],
    ['x in web', 5, 'a list such as (a, b), or a network such as 10.0.0.0/8', 'found "web"'],
    ['x in (a', 7, 'a comma or )', 'the filter ends there'],
    ['x in (a, 10.0.0.0/33)', 9, 'a network such as 10.0.0.0/8 or fd00::/8', 'found "10.0.0.0'],
    ['x in 10.0.0/8', 5, 'a network such as 10.0.0.0/8 or fd00::/8', 'found'],
    ['x > web', 4, 'a number or a version', 'found "web"'],
    ['x > 1*', 4, 'a number or a version', 'found'],
    ['x="web', 2, 'a closing "', 'not closed'],
    ['x="a\\q"', 4, 'one of the escapes \\" \\\' \\\\ \\n \\r \\t \\uXXXX', 'Write a backslash itself'],
    ['x=“web”', 2, 'a value', 'found "“"'],
    ['x=\u00a0web', 2, 'a value', 'U+00A0'],
    ['x =~ /a', 5, 'a closing /', 'not closed'],
    ['x =~ /a/g', 8, 'flags among i, m and s', 'found "g"'],
    ['x =~ //', 5, 'a regular expression', 'matches everything'],
    ['x =~ /[/', 5, 'a regular expression', 'missing closing ]'],
    ['x =~ /a(?=b)/', 5, 'a regular expression', 'look-around is not supported'],
    ['x =~ (a|b)', 5, 'a regular expression between slashes', 'brackets'],
    ['x =~ a||b', 5, 'a regular expression between slashes', '||'],
    ['x =~ "a\u0007"', 5, 'a regular expression', 'invisible characters'],
  ])('refuses %j at %i, expecting %s', (typed, position, expected, sentence) => {
    const error = refusal(typed)
    expect({ position: error.position, expected: error.expected }).toEqual({ position, expected })
    expect(error.message).toContain(sentence)
  })
})

describe('FilterSyntaxError', () => {
  it('points at the place with as many carets as characters are wrong', () => {
    expect(refusal('ip in 10.0.0.0/33').pointer()).toBe('ip in 10.0.0.0/33\n      ^^^^^^^^^^^')
    expect(refusal('role=').pointer()).toBe('role=\n     ^')
  })

  it('shows the line that is wrong, of several', () => {
    expect(refusal('role=web\nand x > y\nand z').pointer()).toBe('and x > y\n        ^')
  })

  it('cuts a long line around the place and shows what is invisible', () => {
    const error = refusal(`${'a and '.repeat(100)}x=\u202eb ${' and c'.repeat(100)}`)
    const [line = '', carets = ''] = error.pointer().split('\n')
    expect(line.length).toBeLessThan(130)
    expect(line[carets.indexOf('^')]).toBe('\ufffd')
  })
})

function refusal(typed: string): FilterSyntaxError {
  try {
    parseFilter(typed)
  } catch (error) {
    if (error instanceof FilterSyntaxError) return error
    throw error
  }
  throw new Error(`${JSON.stringify(typed)} was not refused`)
}
