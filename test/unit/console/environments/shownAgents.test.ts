import { describe, expect, it } from 'vitest'
import { fingerprint } from '../../../../src/console/environments/shownAgents.ts'
import type { KnownAgent } from '../../../../src/master/fleet/fleetSnapshot.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

const of = (changes: Partial<KnownAgent> = {}, now = 1_000_000, open: string[] = []) =>
  fingerprint([knownAgent('web1', changes)], now, new Set(open), ({ facts }) => facts.role)

describe('fingerprint', () => {
  it('stays the same while agents only say the same again', () => {
    expect(of({ lastSeenAt: 1_005_000, clockSkewMs: 40 }, 1_006_000)).toBe(of())
    expect(of({ facts: { uptime: 5 } })).toBe(of({ facts: { uptime: 6 } }))
  })

  it.each([
    { state: 'stale' },
    { version: '0.2.0' },
    { problems: ['facter hangs.'] },
    { running: ['run'] },
    { clockSkewMs: 60_000 },
    { identity: 'proven' },
    { contestedBy: 'AIDAEVIL' },
    { nameProblem: 'doubled' },
    { facts: { role: 'web' } },
  ] as const)('changes with %j', (changes) => {
    expect(of(changes as Partial<KnownAgent>)).not.toBe(of())
  })

  it('changes with any fact of an agent whose facts are on the screen', () => {
    expect(of({ facts: { uptime: 5 } }, 0, ['i-web1'])).not.toBe(of({ facts: { uptime: 6 } }, 0, ['i-web1']))
  })

  it('changes as a silent agent stays silent', () => {
    expect(of({ state: 'stale' }, 1_020_000)).not.toBe(of({ state: 'stale' }, 1_000_000))
  })
})
