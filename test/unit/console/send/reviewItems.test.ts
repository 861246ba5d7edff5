import { describe, expect, it } from 'vitest'
import { itemsFor } from '../../../../src/console/send/reviewItems.ts'
import type { CommandCost } from '../../../../src/master/commandCost.ts'
import { unknownFleet } from '../../../../src/master/fleet/fleetSnapshot.ts'
import { reachOf } from '../../../../src/master/fleet/reach.ts'
import { everyone } from '../../../../src/protocol/filter/writtenFilter.ts'
import type { RunRequest } from '../../../../src/run/runRequest.ts'
import { say } from '../../../../src/text/localizable.ts'
import { declared } from '../../../support/declared.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

const fleet = { ...unknownFleet, agents: [knownAgent('web1'), knownAgent('web2', { state: 'gone' })] }
const review = (action: RunRequest['action'], snapshot = fleet) => {
  const request = { filter: everyone, action, timeoutMs: 60_000 }
  return itemsFor({ environment: declared('testing'), request }, reachOf(snapshot, request))
}

describe('The review before a run', () => {
  it('shows a command of several lines whole, and of a long one how much more there is', () => {
    const labels = (command: string) => review({ kind: 'shell', command }).map(({ label }) => label)
    expect(labels('systemctl status nginx\nrm -rf /srv').slice(0, 3)).toEqual([
      '$(play) Run “systemctl status nginx … (2 lines, 34 characters)”',
      'systemctl status nginx',
      'rm -rf /srv',
    ])
    expect(labels(Array(40).fill('true').join('\n'))).toContain('$(ellipsis) 30 more lines')
    const more = review({ kind: 'shell', command: Array(40).fill('true').join('\n') }).find(({ label }) =>
      label.includes('more lines'),
    )
    expect(more).toMatchObject({ part: 'all', description: 'open all of it in an editor' })
    expect(labels('uptime').slice(1, 2)).toEqual(['$(checklist) Targets'])
  })

  it('shows what cannot be seen, and what would push the rest out of sight', () => {
    const [run] = review({ kind: 'shell', command: `ls${'\u2800'.repeat(60)}\u202e; rm -rf /` })
    expect(run?.label).toBe('$(play) Run “ls<U+2800 × 60><U+202E>; rm -rf /”')
  })

  it('says what a command takes and costs where that is notable, and why one cannot be sent', () => {
    const request = { filter: everyone, action: { kind: 'ping' as const }, timeoutMs: 60_000 }
    const rows = (cost: CommandCost) =>
      itemsFor({ environment: declared('testing'), request }, reachOf(fleet, request), cost)
        .filter(({ label }) => /package|error/.test(label))
        .map(({ label, detail }) => [label, detail])
    const sendable = { kind: 'sendable', messages: 2, bytes: 100_000, isLarge: true } as const
    expect(rows({ ...sendable, requests: { least: 1_000, most: 12_000 } })).toEqual([
      [
        '$(package) Size and cost',
        '2 messages, 98 KB together. SQS bills 1,000 to 12,000 requests for them, $0.0004 to $0.0048.',
      ],
    ])
    expect(rows({ kind: 'too-large', why: say('This command takes {0} bytes.', 9) })).toEqual([
      ['$(error) Cannot be sent', 'This command takes 9 bytes.'],
    ])
  })

  it('names who is missing, and says when the look at the fleet is unsure', () => {
    const unsure = { ...fleet, look: { kind: 'unsure', at: 1 } as const }
    const items = review({ kind: 'ping' }, unsure)
    const doubts = items.filter(({ label }) => label.startsWith('$(warning)'))
    expect(doubts.map(({ label, detail }) => [label, detail])).toEqual([
      ['$(warning) Not seen now, so not among the targets (1)', 'web2'],
      ['$(warning) Uncertain', 'Not all facts could be read, so there may be more agents than these.'],
    ])
  })

  it('says which targets will refuse the signature, and offers to set up signing', () => {
    const facts = { agent: { policy: { signatures: 'required', accepts: [], accepted_keys: 0 } } }
    const agents = [knownAgent('web1', { facts }), knownAgent('web2')]
    const request = { filter: everyone, action: { kind: 'ping' as const }, timeoutMs: 60_000 }
    const reach = { ...reachOf({ ...unknownFleet, agents }, request), signing: { signer: undefined, now: 1 } }
    const items = itemsFor({ environment: declared('testing'), request }, reach)
    expect(items.filter(({ part }) => part === 'signing')).toEqual([
      {
        part: 'signing',
        label: '$(warning) Refused for the signature (1)',
        description: 'Set Up Signing…',
        detail: 'no key signs for this environment: web1',
      },
    ])
  })

  it('includes agents that are not seen yet by a choice of its own, where no command must name its agents', () => {
    const choices = (changes: Partial<RunRequest>, isProtected = false) => {
      const request = { filter: everyone, action: { kind: 'ping' as const }, timeoutMs: 60_000, ...changes }
      const environment = declared('testing', { protected: isProtected })
      return itemsFor({ environment, request }, reachOf(fleet, request)).filter(
        ({ part }) => part === 'unseen',
      )
    }
    expect(choices({})).toMatchObject([{ description: 'off' }])
    expect(choices({ unseen: 'included' })).toMatchObject([{ description: 'on' }])
    expect([choices({}, true), choices({ targets: ['a'] }), choices({ rollout: { canary: 1 } })]).toEqual([
      [],
      [],
      [],
    ])
  })

  it('says which agents are the canary, and whether a person has chosen them', () => {
    const three = { ...unknownFleet, agents: ['web1', 'web2', 'web3'].map((name) => knownAgent(name)) }
    const canary = (rollout: RunRequest['rollout']) => {
      const request = { filter: everyone, action: { kind: 'ping' as const }, timeoutMs: 60_000 }
      const planned = rollout === undefined ? request : { ...request, rollout }
      const reach = reachOf(three, request)
      const [item] = itemsFor({ environment: declared('testing'), request: planned }, reach).filter(
        ({ part }) => part === 'canary',
      )
      return item && [item.detail, item.description]
    }
    expect(canary(undefined)).toBeUndefined()
    expect(canary({ batch: { count: 1 } })).toBeUndefined()
    expect(canary({ canary: 2 })).toEqual(['web[1-2]', 'the first by name'])
    const [, , third] = three.agents
    expect(canary({ canary: 1, canaryAgents: [third?.agentId ?? ''] })).toEqual(['web3', 'chosen'])
  })

  it('tells a script by size and digest', () => {
    const content = Buffer.from('true\n').toString('base64')
    const [, script] = review({ kind: 'script', name: 'x.sh', content, args: [] })
    expect(script?.label).toMatch(/^\$\(file-code\) 5 bytes, SHA-256 [0-9a-f]{64}$/)
  })
})
