import { describe, expect, it } from 'vitest'
import { filterFromLists } from '../../../../src/protocol/filter/lists.ts'
import { matchesFilter } from '../../../../src/protocol/filter/match.ts'
import { printFilter } from '../../../../src/protocol/filter/print.ts'
import { FilterSyntaxError } from '../../../../src/protocol/filter/syntaxError.ts'

function printed(wanted: string[], without: string[] = []): string {
  return printFilter(filterFromLists({ with: wanted, without }))
}

describe('filterFromLists', () => {
  it.each([
    [['role=web'], [], 'role=web'],
    [['role=web,memcached'], [], 'role=web,memcached'],
    [['nginx'], [], 'nginx'],
    [['nginx,mysql'], [], 'nginx and mysql'],
    [['role=web,az=eu-west-1a'], [], 'role=web and az=eu-west-1a'],
    [['nginx,role=web,db,az=a,b'], [], 'nginx and role=web,db and az=a,b'],
    [['role=web', 'nginx'], ['az=c', 'old'], 'role=web and nginx and az!=c and not old'],
    [[], ['role=web,db'], 'role!=web,db'],
    [[], ['a,b=1'], 'not a and b!=1'],
    [[' role = web , db '], [], 'role=web,db'],
    [
      ['os.distro.description=Debian GNU/Linux 12 (bookworm)'],
      [],
      'os.distro.description="Debian GNU/Linux 12 (bookworm)"',
    ],
    [['hostname=web-*'], [], 'hostname=web-*'],
    [['hostname="web-*"'], [], 'hostname="web-*"'],
    [['x="a,b=c",d'], [], 'x="a,b=c",d'],
    [['owner="Research and Development"'], [], 'owner="Research and Development"'],
    [['mountpoints."/a,b".device=sda'], [], 'mountpoints."/a,b".device=sda'],
    [['role::web'], [], 'role::web'],
    [['port=22'], [], 'port=22'],
  ])('reads -w %j -n %j as %s', (wanted, without, canonical) => {
    expect(printed(wanted, without)).toBe(canonical)
  })

  it('wants all of "with" and none of "without", as the original does', () => {
    const filter = filterFromLists({ with: ['role=web,db', 'nginx'], without: ['az=c', 'retired'] })
    const good = { role: 'db', az: 'a', classes: ['nginx'] }
    expect(matchesFilter(filter, good)).toBe(true)
    expect(matchesFilter(filter, { role: 'db', classes: ['nginx'] })).toBe(true)
    expect(matchesFilter(filter, { ...good, role: 'cache' })).toBe(false)
    expect(matchesFilter(filter, { ...good, classes: [] })).toBe(false)
    expect(matchesFilter(filter, { ...good, az: 'c' })).toBe(false)
    expect(matchesFilter(filter, { ...good, classes: ['nginx', 'retired'] })).toBe(false)
  })

  it.each([
    [[], [], 'To target every agent, write *'],
    [[''], [], "In -w '': Expected a fact"],
    [[' '], [], 'Expected a fact'],
    [[], [''], "In -n ''"],
    [['role='], [], 'Expected a value'],
    [['role=web,'], [], 'Expected a value'],
    [['nginx,,mysql'], [], 'Expected a fact'],
    [['*'], [], '* means every agent only if it is the whole filter'],
    [['role==web'], [], '--filter'],
    [['role!=web'], [], '--filter'],
    [['role=~web'], [], '--filter'],
    [['os.release.major>=9'], [], '--filter'],
    [['nginx and mysql'], [], '--filter'],
    [['not nginx'], [], 'in quotes'],
    [[], ['role=web or role=db'], '--filter'],
    [[], ['role=web or db'], 'Put a value with the word or in quotes'],
    [['x=a* b'], [], 'in quotes'],
    [['x="a" b'], [], 'a comma or the end'],
    [['x="a'], [], 'not closed'],
    [[`x=${'a'.repeat(20_000)}`], [], 'at most 16384'],
    [[`x=${'a,'.repeat(1_001)}a`], [], 'more than 1000 values'],
    [new Array<string>(600).fill('nginx'), [], 'more than 512 terms'],
  ])('refuses -w %j -n %j', (wanted, without, sentence) => {
    expect(() => printed(wanted, without)).toThrow(FilterSyntaxError)
    expect(() => printed(wanted, without)).toThrow(sentence)
  })
})
