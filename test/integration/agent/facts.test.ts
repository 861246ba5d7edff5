import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openBody } from '../../../src/protocol/envelope.ts'
import type { FactsMessage } from '../../../src/protocol/messages.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import type { Queues } from '../../../src/queues/queues.ts'
import { type AgentProcess, startAgent } from '../../support/agentProcess.ts'
import { type Commander, startCommander } from '../../support/commander.ts'
import { type HungMount, mountHung } from '../../support/hungMount.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

/** Memory and threads as the systemd unit gives them. */
const likeTheUnit = {
  NODE_OPTIONS: '--max-semi-space-size=1 --max-old-space-size=128',
  UV_THREADPOOL_SIZE: '2',
}

let sqs: SqsServer
let environment: Environment
let queues: Queues
let master: Commander
let directory: string
let agent: AgentProcess | undefined
let hung: HungMount | undefined
let environments = 0

beforeAll(async () => {
  sqs = await startSqs()
  queues = sqs.connect()
})

afterAll(() => sqs.stop())

beforeEach(async () => {
  environments += 1
  environment = await sqs.environment(`facts${environments}`)
  master = startCommander(queues, environment)
  directory = mkdtempSync(join(tmpdir(), 'agent-'))
})

afterEach(async () => {
  await hung?.stop()
  hung = undefined
  await agent?.stop()
  agent = undefined
  await master.stop()
  rmSync(directory, { recursive: true, force: true })
})

const inside = (name: string) => join(directory, name)

async function start(facts: object): Promise<AgentProcess> {
  agent = await startAgent({ environment, directory, facts, variables: likeTheUnit })
  return agent
}

async function published(fits: (message: FactsMessage) => boolean = () => true): Promise<FactsMessage> {
  let found: FactsMessage | undefined
  await until(async () => {
    const received = await queues.receive(environment.queues.facts, { waitSeconds: 1, visibilitySeconds: 0 })
    for (const { body } of received) {
      const { message } = openBody(body, 'facts')
      if (fits(message)) found = message
    }
    return found !== undefined
  }, 'facts')
  return found as FactsMessage
}

async function obeys(filter: string): Promise<void> {
  const runId = await master.send({ kind: 'shell', command: 'echo here' }, { filter })
  expect((await master.result(runId)).stdout).toBe('here\n')
}

describe('an agent with bad sources of facts', () => {
  it('has the facts of the good ones, says what is wrong with the others, works and ends', async () => {
    writeFileSync(inside('good.yaml'), 'role: web\n')
    const nine = (name: string) => Array.from({ length: 9 }, () => name).join(',')
    const levels = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']
    const bomb = levels.map(
      (name, index) => `${name}: &${name} [${nine(index === 0 ? 'lol' : `*${levels[index - 1]}`)}]\n`,
    )
    writeFileSync(inside('bomb.yaml'), bomb.join(''))
    writeFileSync(inside('long.yaml'), 'k: v\n'.repeat(800_000))
    writeFileSync(inside('lists.json'), `{"a":[${'[],'.repeat(1_000_000)}[]]}`)
    execFileSync('mkfifo', [inside('pipe.yaml')])
    const names = ['bomb.yaml', 'long.yaml', 'lists.json', 'pipe.yaml', 'missing.yaml', 'good.yaml']
    const { ended } = await start({ facts_path: names.map(inside) })
    const { facts, problems = [] } = await published()
    expect(facts.role).toBe('web')
    expect(problems.map((problem) => problem.replace(/^.*\//, ''))).toEqual([
      'bomb.yaml: facts of more than 100000 values',
      'long.yaml: too large: more than 300000 commas, colons, brackets and lines',
      'lists.json: too large: more than 300000 commas, colons, brackets and lines',
      'pipe.yaml: not a regular file',
    ])
    await obeys('role=web')
    agent?.signal('SIGTERM')
    expect(await ended).toBe(0)
  })

  it('does not hang with a network disk whose server is away', async (context) => {
    hung = await mountHung(inside('mnt'))
    if (hung === undefined) return context.skip('only root may mount a file system that hangs')
    writeFileSync(inside('good.yaml'), 'role: web\n')
    // More than the threads that the agent has for files.
    const away = ['one', 'two', 'three'].map((name) => join(inside('mnt'), name))
    symlinkSync(away[0] as string, inside('link.yaml'))
    const { ended } = await start({ facts_path: [...away, inside('link.yaml'), inside('good.yaml')] })
    await obeys('role=web')
    const { problems = [] } = await published()
    expect(problems).toHaveLength(4)
    expect(problems[0]).toMatch(/mnt\/one: did not (end|answer) within/)
    agent?.signal('SIGTERM')
    expect(await ended).toBe(0)
  })
})

describe('an agent with facter', () => {
  it('keeps the facts of a facter that failed in one, and runs it again only when it is asked to', async () => {
    mkdirSync(inside('bin'))
    const facter = `#!/bin/sh\necho x >> ${inside('ran')}\necho "Error: boom" >&2\necho "my_role: web"\nexit 1\n`
    writeFileSync(inside('bin/facter'), facter)
    chmodSync(inside('bin/facter'), 0o755)
    const settings = { use_facter: true, refresh: 1, facter_cmd: `${inside('bin/facter')} --yaml` }
    const started = await start(settings)
    await started.logged(/Facts: facter: exit code 1: Error: boom/)
    await obeys('my_role=web')
    const ran = () =>
      execFileSync('sh', ['-c', `wc -l < ${inside('ran')}`])
        .toString()
        .trim()
    // A new file is seen by a reading of all sources after the first: facter was not run for it.
    mkdirSync(inside('facts.d'))
    writeFileSync(inside('facts.d/tier.txt'), 'tier=gold\n')
    await published(({ facts }) => facts.tier === 'gold')
    expect(ran()).toBe('1')
    await master.result(await master.send({ kind: 'facts' }))
    expect(ran()).toBe('2')
  })
})
