import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { parsePolicy } from '../../../agent/src/policy/policy.ts'
import { parseConfiguration } from '../../../agent/src/settings/configuration.ts'
import { type Arguments, parseArguments } from '../../../src/cli/arguments.ts'
import { environmentOf } from '../../../src/cli/configuration.ts'
import { readSetting } from '../../../src/console/declarations/settings.ts'
import { parseRunArguments } from '../../../src/declarations/runArguments.ts'
import { type SettingName, settingNames } from '../../../src/declarations/settings.ts'
import { parseWorkspaceFile } from '../../../src/declarations/workspaceFile.ts'
import { settings } from '../../support/vscodeStandIn.mjs'

const place = (name: string) =>
  fileURLToPath(new URL(`../../fixtures/partners/5fa5438/${name}`, import.meta.url))
const textOf = (name: string) => readFileSync(place(name), 'utf8')

describe('what was written for 5fa5438 means the same today:', () => {
  it('the agent’s configuration, every key of it', () => {
    expect(parseConfiguration(textOf('ec2-cagent.json'), 'ec2-cagent.json')).toEqual({
      file: 'ec2-cagent.json',
      logLevel: 'warn',
      agentId: 'web-17',
      hostname: 'web17.example.org',
      environment: 'production',
      stateDir: '/srv/ec2_collective',
      policyFile: '/srv/policy.yaml',
      requirePolicy: false,
      auditLog: '/srv/log/audit.log',
      auditContent: 'digest',
      auditRequired: false,
      auditJournal: false,
      maxParallel: 3,
      outputLimitBytes: 1_048_576,
      spoolLimitBytes: 268_435_456,
      undeliveredLimitBytes: 1_073_741_824,
      shell: '/bin/bash',
      killGraceMs: 7_000,
      restartLimitMs: 60_000,
      limits: { processes: undefined, memory: undefined },
      limitsCgroup: undefined,
      pollIntervalMs: 2_000,
      queues: {
        region: 'eu-west-1',
        endpoint: 'https://sqs.eu-west-1.amazonaws.com',
        profile: 'agent',
        account: undefined,
        commands: 'production_commands',
        replies: 'production_replies',
        facts: 'production_facts',
      },
      facts: {
        enabled: true,
        refreshMs: 45_000,
        publish: true,
        intervalMs: 40_000,
        facterCommand: 'facter --yaml',
        facterIntervalMs: 600_000,
        paths: ['/etc/ec2_collective/facts.yaml', '/var/lib/puppet/state/classes.txt'],
        programs: '/srv/facts.d',
        programTimeoutMs: 10_000,
        ec2Metadata: 'never',
        ec2MetadataEndpoint: 'http://127.0.0.1:1338',
      },
      warnings: [],
    })
  })

  it('the agent’s policy', () => {
    const { deny, rules } = parsePolicy(textOf('policy.yaml'), 'policy.yaml')
    expect([deny.length, rules.length]).toEqual([1, 1])
    const [rule] = rules
    expect(rule).toMatchObject({
      name: 'operators',
      actions: new Set(['shell', 'script', 'ping', 'facts', 'cancel', 'resend']),
      users: new Set(['root', 'deploy']),
      scripts: new Set(['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']),
    })
    expect([...(rule?.keys?.keys() ?? [])]).toEqual(['alice'])
    expect([rule?.senders, rule?.allow, rule?.deny, rule?.environment, rule?.directories]).toMatchObject(
      Array(5).fill({ length: 1 }),
    )
  })

  it('the configuration of ec2-cmaster', () => {
    const args = parseArguments(['--everyone', '--config', place('ec2-cmaster.json'), '-c', 'true'])
    expect(environmentOf(args as Arguments, {})).toEqual({
      name: 'production',
      region: 'eu-west-1',
      profile: 'operator',
      endpoint: 'https://sqs.eu-west-1.amazonaws.com',
      protected: true,
      queues: {
        commands: 'production_commands',
        replies: 'production_replies',
        facts: 'production_facts',
      },
    })
  })

  it('a workspace file, every key of it', () => {
    const { environments, snippets, problems } = parseWorkspaceFile(textOf('ec2-collective.yaml'))
    expect(problems).toEqual([])
    expect(environments.map(({ environment, defaults }) => ({ environment, defaults }))).toEqual([
      {
        environment: {
          name: 'testing',
          region: 'eu-west-1',
          protected: false,
          queues: { commands: 'testing_master', replies: 'testing_agent', facts: 'testing_facts' },
        },
        defaults: { timeoutMs: undefined, rollout: undefined },
      },
      {
        environment: {
          name: 'production',
          region: 'eu-west-1',
          profile: 'production',
          endpoint: 'https://sqs.eu-west-1.amazonaws.com',
          protected: true,
          colour: 'red',
          queues: { commands: 'prod_commands', replies: 'prod_answers', facts: 'prod_facts' },
        },
        defaults: {
          timeoutMs: 600_000,
          rollout: { canary: 1, batch: { percent: 10 }, pauseMs: 30_000, maxFailures: { count: 2 } },
        },
      },
    ])
    const written = (load(textOf('ec2-collective.yaml')) as { snippets: object }).snippets
    expect(Object.fromEntries(snippets.map(({ name, declaration }) => [name, declaration]))).toEqual(written)
  })

  it('the settings, by the names that they had', () => {
    const written: Record<string, unknown> = JSON.parse(textOf('settings.json'))
    settings.user = written
    for (const [name, value] of Object.entries(written)) {
      const setting = name.replace(/^ec2-collective\./, '')
      expect(settingNames).toContain(setting)
      expect(readSetting(setting as SettingName)).toEqual(value)
    }
    settings.user = {}
  })

  it('the tasks', () => {
    const { tasks } = JSON.parse(textOf('tasks.json'))
    const definitions = tasks.map(
      ({ label: _l, type: _t, problemMatcher: _p, exitCode: _e, ...args }: Record<string, unknown>) => args,
    )
    const read = definitions.map((definition: unknown) => parseRunArguments(definition))
    expect(read).toEqual(definitions)
  })
})
