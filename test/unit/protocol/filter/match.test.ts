import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Facts } from '../../../../src/protocol/facts.ts'
import { matchesFilter } from '../../../../src/protocol/filter/match.ts'
import { parseFilter } from '../../../../src/protocol/filter/parse.ts'
import { printFilter } from '../../../../src/protocol/filter/print.ts'
import { negate } from '../../../../src/protocol/filter/syntax.ts'
import { conditionOver, term } from './arbitraryFilter.ts'
import { realFacts } from './realFacts.ts'

const facts: Facts = {
  role: 'web',
  hostname: 'web-17',
  is_virtual: true,
  is_spot: false,
  stringified: 'false',
  nothing: null,
  empty: '',
  none: [],
  processors: { count: 4, models: ['Xeon E5', 'Xeon E7'] },
  load: 0.75,
  offset: -12,
  os: { release: { full: '9.10', major: '9' }, name: 'Rocky' },
  kernelrelease: '5.10.0-32-amd64',
  ip: '10.1.2.3',
  ip6: 'fe80::1%eth0',
  capacity: '27.82%',
  ports: [22, 80, [443, [8443]]],
  mixed: [false, null, { deep: 'x' }],
  mountpoints: { '/': { size_bytes: 105088212992 }, '/var': { size_bytes: 10 } },
  interfaces: { eth0: { ip: '10.1.2.3' }, lo: { ip: '127.0.0.1' } },
  bindings: [{ address: '10.1.2.3' }, { address: '192.168.0.9' }],
  'ec2.role': 'cache',
  classes: ['nginx', 'role::web', 'apache.ssl'],
}

function holds(typed: string): boolean {
  return matchesFilter(parseFilter(typed), facts)
}

describe('matchesFilter', () => {
  it.each([
    ['*'],
    ['role=web'],
    ['role=web,memcached'],
    ['role=db,web'],
    ['role!=db,memcached'],
    ['hostname=web-*'],
    ['hostname=web-?7'],
    ['hostname!="web-*"'],
    ['is_virtual=true'],
    ['is_spot=false'],
    ['processors.count=4'],
    ['processors.count=4.0'],
    ['processors.count="4"'],
    ['load=0.75'],
    ['load < 1'],
    ['empty=""'],
    ['offset < 0 and offset > -13'],
    ['ec2.role=cache'],
    ['processors.models="Xeon E7"'],
    ['processors.models.1="Xeon E7"'],
    ['ports=80 and ports=8443'],
    ['ports > 8000'],
    ['os.release.full >= 9.9'],
    ['os.release.full > 9.9.5'],
    ['os.release.major >= 9'],
    ['kernelrelease >= 5.10.0 and kernelrelease < 5.11'],
    ['kernelrelease > 5.10.0-rc1'],
    ['capacity > 20% and capacity < 30'],
    ['ip in 10.0.0.0/8'],
    ['ip in (192.168.0.0/16, 10.1.2.3)'],
    ['ip not in 10.2.0.0/16'],
    ['ip6 in fe80::/10'],
    ['mountpoints."/".size_bytes > 100000000000'],
    ['interfaces.*.ip in 127.0.0.0/8'],
    ['mountpoints.*.size_bytes < 100'],
    ['bindings.*.address=192.168.*'],
    ['hostname =~ /^WEB-\\d+$/i'],
    ['hostname =~ eb'],
    ['load =~ /^0\\./'],
    ['nginx'],
    ['role::web'],
    ['apache.ssl'],
    ['"apache.ssl"'],
    ['classes=role::*'],
    ['is_virtual'],
    ['os.release'],
    ['none'],
    ['empty'],
    ['interfaces.*.ip'],
    ['role=web and (nginx or nowhere)'],
  ])('holds: %s', (typed) => {
    expect(holds(typed)).toBe(true)
  })

  it.each([
    ['role=Web'],
    ['role=web-*'],
    ['role!=web,memcached'],
    ['hostname="web-*"'],
    ['hostname=eb-17'],
    ['is_virtual=True'],
    ['is_virtual=1'],
    ['processors.count=4%'],
    ['processors=4'],
    ['nothing'],
    ['nothing=null'],
    ['nothing="null"'],
    ['is_spot'],
    ['stringified'],
    ['none=""'],
    ['ports!=80'],
    ['mixed=x'],
    ['role > 5'],
    ['is_virtual > 0'],
    ['os > 1'],
    ['ip in 11.0.0.0/8'],
    ['ip in fe80::/10'],
    ['role in (10.0.0.0/8, db)'],
    ['os.release.full < 9.9'],
    ['kernelrelease >= 5.10.1'],
    ['interfaces.*.ip in 172.16.0.0/12'],
    ['bindings.address=10.1.2.3'],
    ['interfaces.*.mac'],
    ['hostname =~ /^WEB/'],
    ['apache'],
    ['nowhere'],
    ['constructor'],
    ['__proto__'],
    ['role.length > 0'],
    ['classes.length > 0'],
  ])('does not hold: %s', (typed) => {
    expect(holds(typed)).toBe(false)
  })

  it('asks nothing of a fact that is missing, and negation is plain', () => {
    for (const typed of [
      'gone=1',
      'gone > 1',
      'gone <= 1',
      'gone =~ /./',
      'gone in 0.0.0.0/0',
      'gone',
      'gone.*=*',
    ]) {
      expect(holds(typed)).toBe(false)
      expect(holds(`not ${typed}`)).toBe(true)
    }
    expect(holds('gone != 1')).toBe(true)
    expect(holds('gone !~ /./')).toBe(true)
    expect(holds('gone not in 0.0.0.0/0')).toBe(true)
    expect(holds('gone and gone != 1')).toBe(false)
  })

  it('makes each negative operator the exact opposite, whatever the facts', () => {
    const samples = [facts, {}, ...realFacts().values()]
    for (const [positive, negative] of [
      ['os.name=Debian,Rocky', 'os.name!=Debian,Rocky'],
      ['classes=nginx', 'classes!=nginx'],
      ['ports=80', 'ports != 80'],
      ['kernel =~ /inu/', 'kernel !~ /inu/'],
      ['networking.ip in 10.0.0.0/16', 'networking.ip not in 10.0.0.0/16'],
      ['os.name in (Debian)', 'os.name not in (Debian)'],
    ] as const) {
      for (const sample of samples) {
        expect(matchesFilter(parseFilter(negative), sample)).toBe(
          !matchesFilter(parseFilter(positive), sample),
        )
        expect(matchesFilter(parseFilter(`not (${positive})`), sample)).toBe(
          !matchesFilter(parseFilter(positive), sample),
        )
      }
    }
  })

  it('selects with a negation just the agents that the condition leaves out', () => {
    const samples = [facts, ...realFacts().values()]
    fc.assert(
      fc.property(conditionOver(term), fc.constantFrom(...samples), (condition, sample) => {
        expect(matchesFilter(negate(condition), sample)).toBe(!matchesFilter(condition, sample))
      }),
    )
  })

  it('decides the same after the way through text', () => {
    fc.assert(
      fc.property(conditionOver(term), (condition) => {
        expect(matchesFilter(parseFilter(printFilter(condition)), facts)).toBe(
          matchesFilter(condition, facts),
        )
      }),
    )
  })
})

describe('filters on what facter says of real systems', () => {
  const systems = realFacts()

  it.each([
    [
      'os.family=RedHat and os.release.major>=9',
      'almalinux-10 almalinux-9 amazon-2023 centos-10 centos-9 fedora-42 fedora-43 oraclelinux-10 oraclelinux-9 redhat-9 rocky-10 rocky-9',
    ],
    ['os.release.full >= 8.9 and os.release.full < 8.10', 'redhat-8'],
    ['os.release.major = 22.04,24.04', 'ubuntu-22.04 ubuntu-24.04'],
    ['os.name in (Debian, Ubuntu) and kernelversion >= 6', 'debian-12 debian-13 ubuntu-24.04'],
    [
      'not kernel=Linux',
      'freebsd-13 freebsd-14 windows-10 windows-11 windows-2019 windows-2022 windows-2025',
    ],
    ['os.release.full > 13.5 and os.family=FreeBSD', 'freebsd-13 freebsd-14'],
    ['kernel=windows and kernelrelease >= 10.0.20000', 'windows-11 windows-2022 windows-2025'],
    ['os.name=*Linux and !(os.release.major >= 9)', 'almalinux-8 oraclelinux-8'],
    ['processors.count >= 4', 'debian-13 opensuse-16 windows-10'],
    ['mountpoints."/".size_bytes > 100000000000', 'debian-11 debian-12'],
    ['mountpoints."/".capacity > 20%', 'centos-10 centos-9 debian-13 rocky-10'],
    [
      'filesystems =~ /(^|,)btrfs(,|$)/ and os.selinux.enabled=false',
      'opensuse-16 ubuntu-22.04 ubuntu-24.04',
    ],
    ['networking.ip6 in fe80::/10', 'freebsd-13 freebsd-14'],
    ['kernelrelease =~ /uek/', 'oraclelinux-10 oraclelinux-8 oraclelinux-9'],
    ['not os.distro and not kernel=windows', 'freebsd-13 freebsd-14'],
  ])('%s', (typed, expected) => {
    const filter = parseFilter(typed)
    const selected = [...systems].filter(([, system]) => matchesFilter(filter, system)).map(([name]) => name)
    expect(selected.join(' ')).toBe(expected)
  })

  it('networking.ip in 10.0.0.0/8 selects all of them, and so does any interface', () => {
    for (const typed of [
      'networking.ip in 10.0.0.0/8',
      'networking.interfaces.*.ip in 10.0.0.0/8',
      'is_virtual=true',
    ]) {
      const filter = parseFilter(typed)
      expect([...systems.values()].every((system) => matchesFilter(filter, system))).toBe(true)
    }
  })
})
