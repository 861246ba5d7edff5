import { describe, expect, it } from 'vitest'
import { createBuiltInFacts, describeRelease } from '../../../../agent/src/facts/builtIn.ts'
import { version } from '../../../../agent/src/settings/version.ts'

describe('the operating system', () => {
  it.each([
    [
      'ID=debian\nVERSION_ID="12"\n',
      '12.11',
      { name: 'Debian', family: 'Debian', release: { full: '12.11', major: '12' } },
    ],
    [
      'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n',
      'trixie/sid',
      { name: 'Ubuntu', family: 'Debian', release: { full: '24.04', major: '24.04' } },
    ],
    [
      'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n',
      undefined,
      { name: 'Rocky', family: 'RedHat', release: { full: '9.4', major: '9' } },
    ],
    [
      'ID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\n',
      undefined,
      { name: 'Amazon', family: 'RedHat', release: { full: '2023', major: '2023' } },
    ],
    [
      'ID=opensuse-leap\nID_LIKE="suse opensuse"\nVERSION_ID="16.0"\n',
      undefined,
      { name: 'OpenSuSE', family: 'Suse', release: { full: '16.0', major: '16' } },
    ],
    [
      'NAME="Unheard OS"\nID=unheard\n',
      undefined,
      { name: 'Unheard OS', family: 'unheard', release: { full: 'rolling', major: 'rolling' } },
    ],
  ])('is told in facter’s words for %j', (osRelease, debianVersion, facts) => {
    expect(describeRelease(osRelease, debianVersion)).toEqual(facts)
  })
})

describe('built-in facts', () => {
  it('tell of this very server', async () => {
    const source = createBuiltInFacts({
      agentId: 'a',
      hostname: 'h',
      environment: 'e',
      posture: () => ({ user: 'root' }),
    })
    const { facts } = await source.read(false)
    expect(facts).toMatchObject({
      hostname: 'h',
      kernel: 'Linux',
      agent: { id: 'a', version, environment: 'e', user: 'root' },
    })
  })
})
