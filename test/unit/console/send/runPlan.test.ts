import { describe, expect, it } from 'vitest'
import { describePlan } from '../../../../src/console/send/runPlan.ts'
import type { DeclaredEnvironment } from '../../../../src/declarations/declaredEnvironment.ts'
import { everyone, readFilter } from '../../../../src/protocol/filter/writtenFilter.ts'
import type { RunRequest } from '../../../../src/run/runRequest.ts'
import { inEnglish } from '../../../../src/text/translate.ts'
import { declared } from '../../../support/declared.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

const agentsOf = (count: number) => Array.from({ length: count }, (_, index) => knownAgent(`web${index + 1}`))
const reach = { named: agentsOf(37), known: 412 }
const say = (changes: Partial<RunRequest>, reached = reach) =>
  describePlan(
    {
      environment: declared('testing'),
      request: {
        filter: readFilter('role=web'),
        action: { kind: 'shell', command: 'uname -sr' },
        timeoutMs: 60_000,
        ...changes,
      },
    },
    reached,
    inEnglish,
  )

describe('describePlan', () => {
  it('names the command, the number of agents, the environment, the filter and the timeout', () => {
    expect(say({})).toBe(
      'Run “uname -sr” on 37 of 412 agents of testing (role=web): all at once, for at most 60 s each.',
    )
  })

  it('names the endpoint where it is not AWS’s own, nor the local fleet’s', () => {
    const plan = (origin: DeclaredEnvironment['origin']) => ({
      environment: declared('testing', { endpoint: 'https://sqs.example', origin }),
      request: { filter: readFilter('role=web'), action: { kind: 'ping' }, timeoutMs: 60_000 } as const,
    })
    expect(describePlan(plan({ kind: 'settings', scope: 'workspace' }), reach, inEnglish)).toContain(
      'of testing (role=web), through https://sqs.example: all at once',
    )
    expect(describePlan(plan({ kind: 'local-fleet' }), reach, inEnglish)).not.toContain('through')
  })

  it('says everyone in capitals', () => {
    expect(say({ filter: everyone }, { ...reach, named: agentsOf(412) })).toContain(
      'on EVERY agent of testing (412 known)',
    )
  })

  it('says when agents are included that are not seen yet', () => {
    expect(say({ unseen: 'included' })).toContain(
      'on EVERY agent of testing that matches role=web, seen yet or not (37 of 412 known)',
    )
  })

  it('names a few chosen agents, and counts many', () => {
    const two = { ...reach, named: agentsOf(2) }
    expect(say({ filter: everyone, targets: ['a', 'b'] }, two)).toContain('on web1, web2 of testing:')
    expect(say({ targets: ['a'] }, reach)).toContain('on 37 chosen agents of testing (role=web)')
  })

  it('says how it spreads, as whom and where', () => {
    const action = { kind: 'shell', command: 'reboot', user: 'root', directory: '/tmp' } as const
    expect(
      say({
        action,
        rollout: { canary: 1, batch: { percent: 10 }, pauseMs: 30_000, maxFailures: { count: 2 } },
      }),
    ).toBe(
      'Run “reboot” on 37 of 412 agents of testing (role=web): 1 first, then 10% at a time with 30 s between, stopping after more than 2 failures, for at most 60 s each, as root, in /tmp.',
    )
  })

  it('shows the parameters of a script as a shell would need them', () => {
    const action = { kind: 'script', name: 'fix.sh', content: '', args: ['a b', '--force'] } as const
    expect(say({ action: { ...action, args: [...action.args] } })).toContain(
      "Run the script fix.sh with 'a b' --force on",
    )
  })
})
