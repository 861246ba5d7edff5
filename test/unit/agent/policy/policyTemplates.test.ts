import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parsePolicy } from '../../../../agent/src/policy/policy.ts'
import { evaluatePolicy } from '../../../../agent/src/policy/policyDecision.ts'
import { policyTemplate } from '../../../../agent/src/policy/policyTemplates.ts'
import type { Action } from '../../../../src/protocol/action.ts'

const [operators, pipelines, viewers] = [['AROAOPERATORS'], ['AROAPIPELINE'], ['AIDAVIEWER']] as const
const text = policyTemplate({ operators, pipelines, viewers })
const inForce = { kind: 'policy', policy: parsePolicy(text, 'policy.yaml'), digest: '' } as const
const allows = (senderId: string, action: Action) =>
  evaluatePolicy(inForce, {
    senderId,
    signature: undefined,
    action,
    namesTargets: true,
    ownUser: 'root',
    now: 0,
  }).allowed
const shell = (command: string, more: object = {}): Action => ({ kind: 'shell', command, ...more })
const operator = 'AROAOPERATORS:alice'
const pipeline = 'AROAPIPELINE:build-7'
const viewer = 'AIDAVIEWER'

describe('the first policy', () => {
  it('is the sample of the package', () => {
    const sample = policyTemplate({
      operators: ['AROAEXAMPLEOPERATORS'],
      pipelines: ['AROAEXAMPLEPIPELINE'],
      viewers: ['AROAEXAMPLEVIEWERS'],
    })
    expect(readFileSync('agent/packaging/policy.yaml.sample', 'utf8')).toBe(sample)
  })

  it('lets operators do what the guide begins with, and everything else', () => {
    const script: Action = { kind: 'script', name: 'x.sh', content: '', args: [] }
    const first: Action[] = [
      { kind: 'ping' },
      { kind: 'facts' },
      shell('uname -sr'),
      shell('uptime', { user: 'nobody', directory: '/tmp', environment: { A: 'b' } }),
      script,
    ]
    expect(first.map((action) => allows(operator, action))).toEqual(first.map(() => true))
  })

  it('knows nobody else, nor somebody whose id begins alike', () => {
    for (const sender of [
      'AROAOPERATORS',
      'AROAOPERATORSX:alice',
      'AROASOMEBODY:alice',
      'AIDAVIEWERX',
      'AIDAVIEWER:x',
    ]) {
      expect([sender, allows(sender, { kind: 'ping' })]).toEqual([sender, false])
    }
  })

  it.each(['systemctl status web@1', 'systemctl restart worker@22'])(
    'lets the pipeline do: %s',
    (command) => {
      expect(allows(pipeline, shell(command))).toBe(true)
    },
  )

  it.each([
    'systemctl stop web@1',
    'systemctl restart web@1 db',
    'systemctl restart -H root@other web@1',
    'systemctl --host=root@other restart web@1',
    'systemctl restart web@1 -H root@other',
    'systemctl restart web@1\nreboot',
    'systemctl restart web@$(id)',
    'systemctl  restart web@1',
    'systemctl restart web@1;id',
    'rm -rf /*',
    'rm -rf /.',
    'rm --recursive --force /',
  ])('does not let the pipeline do: %j', (command) => {
    expect(allows(pipeline, shell(command))).toBe(false)
  })

  it.each(['uptime', 'uname -a', 'df -h', 'free -m', 'systemctl status nginx.service'])(
    'lets viewers look: %s',
    (command) => expect(allows(viewer, shell(command))).toBe(true),
  )

  it.each([
    'systemctl status -H root@other nginx',
    'systemctl status --host=root@other',
    'systemctl status -n1000000',
    'systemctl status nginx --full',
    'systemctl status ../x y',
    'systemctl status nginx | tee /etc/passwd',
    'uptime; reboot',
    'df -h > /etc/motd',
    'cat /etc/shadow',
    'uname -a\n',
  ])('does not let viewers do: %j', (command) => {
    expect(allows(viewer, shell(command))).toBe(false)
  })

  it('brings no variables with the commands of pipeline and viewers', () => {
    const path = { environment: { PATH: '/tmp' } }
    expect(allows(pipeline, shell('systemctl status web@1', path))).toBe(false)
    expect(allows(viewer, shell('uptime', path))).toBe(false)
  })
})
