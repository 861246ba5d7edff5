import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Environment } from '../../../src/queues/environment.ts'
import type { Queues } from '../../../src/queues/queues.ts'
import { tagKeys } from '../../../src/queues/queueTags.ts'
import { type FaultProxy, startFaultProxy } from '../../support/faultProxy.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'

const program = fileURLToPath(new URL('../../../dist/ec2-cmaster.js', import.meta.url))
const day = 24 * 3600_000

let sqs: SqsServer
let proxy: FaultProxy
let queues: Queues
let environment: Environment
const endings: (() => void)[] = []

beforeAll(async () => {
  sqs = await startSqs()
  proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed: 3 })
  environment = await sqs.environment('tidy')
  await sqs.environment('tidy_eu')
  queues = sqs.connect()
  // All queues are from a month ago.
  proxy.inject({ fault: { kind: 'clock', offsetMs: 30 * day } })
})
afterEach(() => {
  for (const end of endings.splice(0)) end()
})
afterAll(async () => {
  await proxy?.stop()
  await sqs?.stop()
})

const settings = { visibilitySeconds: 30, retentionSeconds: 4 * 24 * 3600, maximumMessageSize: 65_536 }
/** @param days when it was marked, days ago; longer than any queue keeps a message, as engines may not tell how long it does */
async function replyQueue(name: string, days: number | undefined): Promise<void> {
  const at = days === undefined ? undefined : new Date(Date.now() + (30 - days) * day).toISOString()
  await queues.create(name, settings, undefined, at === undefined ? {} : { [tagKeys.lastUsed]: at })
}

const kept = ['tidy_agent', 'tidy_eu_agent', 'tidy_eu_facts', 'tidy_eu_master', 'tidy_facts', 'tidy_master']

describe('ec2-cmaster queues', () => {
  it('checks without deleting; cleans what nobody has used, once it is told to, and nothing else', async () => {
    await replyQueue('tidy_pipeline1-0_agent', 20)
    await replyQueue('tidy_asleep1-1_agent', 4)
    await replyQueue('tidy_waiting1-1_agent', 20)
    await queues.send('tidy_waiting1-1_agent', 'a reply')
    await replyQueue('tidy_earlier1-1_agent', undefined)
    await replyQueue('tidy_eu_other1-1_agent', 20)
    const all = await names()
    const checked = await run('queues', 'check')
    expect(checked.exitCode).toBe(0)
    expect(checked.stdout.replaceAll(/20\d\d-\d\d-\d\d/g, 'DAY').split('\n')).toEqual([
      'used     DAY  tidy_asleep1-1_agent',
      'unmarked DAY  tidy_earlier1-1_agent',
      'unused   DAY  tidy_pipeline1-0_agent',
      'used     DAY  tidy_waiting1-1_agent',
      '4 private reply queues, of which 1 is unused. Without a mark: 1; nobody can say whether they are used (--unmarked).',
      '',
    ])
    const unasked = await run('queues', 'clean')
    expect(unasked).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('add --yes') })
    expect(await names()).toEqual(all)
    const cleaned = await run('queues', 'clean', '--yes')
    expect(cleaned).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('tidy_pipeline1-0_agent: deleted'),
    })
    expect(await names()).toEqual(all.filter((name) => name !== 'tidy_pipeline1-0_agent'))
    expect((await run('queues', 'clean', '--yes', '--unmarked')).exitCode).toBe(0)
    expect(await names()).toEqual(
      [...kept, 'tidy_asleep1-1_agent', 'tidy_eu_other1-1_agent', 'tidy_waiting1-1_agent'].toSorted(),
    )
  })

  it('never deletes a queue whose tags it may not read, and says so', async () => {
    await replyQueue('tidy_secret1-1_agent', 20)
    endings.push(
      proxy.inject({
        ...{ fault: { kind: 'refuse', as: 'AccessDeniedException' }, actions: ['ListQueueTags'] },
        queue: /secret1/,
      }),
    )
    const { exitCode, stdout } = await run('queues', 'clean', '--yes', '--unmarked')
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/Unknown: 1; .*sqs:ListQueueTags/)])
    expect(await names()).toContain('tidy_secret1-1_agent')
    await queues.deleteQueue('tidy_secret1-1_agent')
  })

  it('says which permission is missing, and goes on with the others', async () => {
    await replyQueue('tidy_forbidden1-1_agent', 20)
    await replyQueue('tidy_old1-1_agent', 20)
    endings.push(
      proxy.inject({
        ...{ fault: { kind: 'refuse', as: 'AccessDeniedException' }, actions: ['DeleteQueue'] },
        queue: /forbidden1/,
      }),
    )
    const { exitCode, stdout } = await run('queues', 'clean', '-y')
    expect([exitCode, stdout]).toEqual([
      1,
      expect.stringMatching(/forbidden1-1_agent: not deleted: .*sqs:DeleteQueue/),
    ])
    expect(stdout).toContain('tidy_old1-1_agent: deleted')
    endings.push(
      proxy.inject({ fault: { kind: 'refuse', as: 'AccessDeniedException' }, actions: ['ListQueues'] }),
    )
    const refused = await run('queues', 'check')
    expect([refused.exitCode, refused.stderr]).toEqual([4, expect.stringContaining('sqs:ListQueues')])
  })

  it('asks for the name of a protected environment, and knows no other verbs', async () => {
    await replyQueue('tidy_guarded1-1_agent', 20)
    const guarded = { EC2_COLLECTIVE_PROTECTED: 'tidy' }
    const unasked = await runWith(guarded, 'queues', 'clean', '--yes')
    expect(unasked).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--confirm tidy') })
    expect(await names()).toContain('tidy_guarded1-1_agent')
    const cleaned = await runWith(guarded, 'queues', 'clean', '--confirm', 'tidy')
    expect(cleaned.stdout).toContain('tidy_guarded1-1_agent: deleted')
    expect(await run('queues', 'purge')).toMatchObject({ exitCode: 2, stdout: '' })
    expect((await run('queues', '--help')).stdout).toContain('Usage: ec2-cmaster queues check')
  })
})

async function names(): Promise<string[]> {
  return (await queues.listQueues('tidy')).toSorted()
}

const run = (...argv: string[]) => runWith({}, ...argv)

async function runWith(variables: NodeJS.ProcessEnv, ...argv: string[]) {
  const { name, region, credentials } = environment
  const child = spawn(process.execPath, [program, ...argv, '--env', name, '--endpoint', proxy.endpoint], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
      ...variables,
    },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (bytes) => {
    stdout += bytes
  })
  child.stderr.on('data', (bytes) => {
    stderr += bytes
  })
  const [exitCode] = await once(child, 'close')
  return { stdout, stderr, exitCode: exitCode as number }
}
