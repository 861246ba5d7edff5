import { describe, expect, it } from 'vitest'
import { unfoldHosts } from '../../../../src/hosts/hostFolding.ts'
import { unknownFleet } from '../../../../src/master/fleet/fleetSnapshot.ts'
import { reachOf } from '../../../../src/master/fleet/reach.ts'
import { reachDetails } from '../../../../src/master/fleet/reachDetails.ts'
import { everyone, readFilter } from '../../../../src/protocol/filter/writtenFilter.ts'
import { printDetails } from '../../../../src/text/detail.ts'
import { inEnglish } from '../../../../src/text/translate.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

const fleet = (hosts: readonly string[]) => ({
  ...unknownFleet,
  agents: hosts.map((host) => knownAgent(host)),
})

describe('What a person is told of whom a request hits', () => {
  it('is the number of agents, their hosts, and the filter', () => {
    const request = { filter: readFilter('hostname=web*') }
    const reach = reachOf(fleet(['web1', 'web2', 'db1']), request)
    expect(printDetails(reachDetails({ ...reach, known: 3 }, request, inEnglish))).toMatch(
      /^Targets \(\d of 3 agents\): .*\nFilter: hostname=web\*$/,
    )
  })

  it('names the canary of a rollout', () => {
    const request = { filter: everyone, rollout: { canary: 1, window: { count: 2 } } }
    const reach = reachOf(fleet(['web1', 'web2', 'web3']), request)
    expect(printDetails(reachDetails(reach, request, inEnglish))).toContain('\nCanary (1): web1')
  })

  it('names who is missing, and says that the look at the fleet is unsure', () => {
    const gone = knownAgent('web2', { state: 'gone' })
    const request = { filter: everyone, targets: ['i-web1', 'i-web2', 'i-0abc'] }
    const snapshot = {
      version: 1,
      agents: [knownAgent('web1'), gone],
      look: { kind: 'unsure', at: 1 } as const,
    }
    expect(printDetails(reachDetails(reachOf(snapshot, request), request, inEnglish))).toBe(
      [
        'Targets (3 of 1 agents): i-0abc,web[1-2]',
        'Not seen now, but named as targets (2): i-0abc,web2',
        'Uncertain: Not all facts could be read, so there may be more agents than these.',
      ].join('\n'),
    )
  })

  it('holds every name of 10,000, in lines that an editor draws to their end', () => {
    const hosts = Array.from(
      { length: 10_000 },
      (_, index) => `node-${(index * 7919) % 100_003}.${index % 13}.example`,
    )
    const request = { filter: everyone }
    const [targets] = reachDetails(reachOf(fleet(hosts), request), request, inEnglish)
    const lines = printDetails([targets ?? { name: '', value: '' }]).split('\n')
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(130)
    expect(unfoldHosts((targets?.value ?? '').replaceAll('\n', '')).toSorted()).toEqual(hosts.toSorted())
  })

  it('names each target whose identity conflicts, or that has the host name of another', () => {
    const request = { filter: everyone }
    const agents = [
      knownAgent('web1', { nameProblem: 'doubled' }),
      knownAgent('web1', { agentId: 'ghost-1', nameProblem: 'doubled', identity: 'conflicting' }),
      knownAgent('web2'),
    ]
    const reach = reachOf({ ...unknownFleet, agents }, request)
    expect(printDetails(reachDetails(reach, request, inEnglish))).toBe(
      [
        'Targets (3 of 3 agents): web[1-2]',
        'Conflicting identities (1): web1 (ghost-1)',
        'The same host name, or one that looks alike (2):',
        '    web1 (i-web1)',
        '    web1 (ghost-1)',
      ].join('\n'),
    )
  })

  it('shows what cannot be seen in a name', () => {
    const request = { filter: everyone }
    const [targets] = reachDetails(reachOf(fleet(['we\u202eb1']), request), request, inEnglish)
    expect(targets?.value).toBe('we<U+202E>b1')
  })
})
