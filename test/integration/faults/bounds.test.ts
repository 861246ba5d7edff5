import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MessageKind } from '../../../src/protocol/bounds.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import type { Queues } from '../../../src/queues/queues.ts'
import { type AgentProcess, startAgent } from '../../support/agentProcess.ts'
import { startCommander } from '../../support/commander.ts'
import { harmless, hostileBodies, packed } from '../../support/hostileBodies.ts'
import { repliesOf, startScriptedAgent } from '../../support/scriptedAgent.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

const program = fileURLToPath(new URL('../../../dist/ec2-cmaster.js', import.meta.url))

/** As `ec2-cagent.service` sets it. */
const smallHeap = { NODE_OPTIONS: '--max-semi-space-size=1 --max-old-space-size=128' }

let sqs: SqsServer
let environment: Environment
let directory: string
let hostile: Queues

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('bounds')
  hostile = sqs.connect()
  directory = mkdtempSync(join(tmpdir(), 'bounds-'))
})
afterAll(async () => {
  await sqs.stop()
  rmSync(directory, { recursive: true, force: true })
})

/** The message that ended every agent: some kilobytes that become 5 million values. */
function bombOf(kind: MessageKind): string {
  const later = `[${'{"a":{}},'.repeat(1_700_000)}0]`
  return packed(`${JSON.stringify(harmless[kind]).slice(0, -1)},"later":${later}}`)
}

/** Those that the queues take. */
function bodiesOf(kind: MessageKind): string[] {
  const bodies = [bombOf(kind), ...[...hostileBodies(kind, 1)].map(({ body }) => body)]
  return bodies.filter(({ length }) => length <= 65_536)
}

describe('an agent with the heap of its service', () => {
  it('lives through hostile bodies with what it runs, obeys what comes after them, and logs one line for their sender', async () => {
    const agent: AgentProcess = await startAgent({ environment, directory, variables: smallHeap })
    const commander = startCommander(sqs.connect(), environment)
    const bodies = bodiesOf('command')
    expect(bodies.length).toBeGreaterThan(15)
    const released = join(directory, 'released')
    const deployment = await commander.send({
      kind: 'shell',
      command: `until [ -e ${released} ]; do sleep 0.1; done; echo deployed`,
    })
    await commander.wait(deployment, 'ack')
    for (const body of bodies) await commander.sendBody(body)
    for (let round = 0; round < 3; round += 1) {
      const { result } = await commander.result(await commander.send({ kind: 'shell', command: 'true' }))
      expect(result.outcome).toEqual({ kind: 'exited', code: 0 })
    }
    writeFileSync(released, '')
    expect((await commander.result(deployment)).stdout).toBe('deployed\n')
    await until(() => agent.log.includes('; 10 messages of this sender so far'), 'the tenth to be told')
    expect(agent.log.match(/ WARN .*cannot be read/g)).toHaveLength(2)
    await commander.stop()
    await agent.stop()
  })
})

describe('a master with a small heap', () => {
  it('lives through hostile facts and replies, and gets the results of its agents', async () => {
    const own = await sqs.environment('flooded')
    const agent = await startScriptedAgent(
      sqs.connect(),
      own,
      'good',
      async ({ runId, replyTo }, { send }) => {
        const { frame, result } = repliesOf('good', runId)
        // The frame that the result promises, too: a master waits half a minute for one that is missing.
        await send(replyTo, ...bodiesOf('reply'), frame(0, 'done'), result(['done']))
      },
    )
    const bodies = bodiesOf('facts')
    const flood = Array.from({ length: 5 }, () => bodies).flat()
    await Promise.all(flood.map((body) => hostile.send(own.queues.facts, body)))
    const { stdout, stderr } = await master(own, '--expect', '1', '--everyone', '--', 'true')
    expect(stdout).toMatch(/1 of 1 expected agents replied/)
    expect(stdout).toContain('done')
    expect(stderr.match(/unreadable message/g)?.length).toBeLessThanOrEqual(6)
    await agent.stop()
  })
})

async function master({ name, endpoint = '', region, credentials }: Environment, ...argv: string[]) {
  const args = ['--max-old-space-size=96', program, '--env', name, '--endpoint', endpoint, ...argv]
  const variables = {
    ...{ PATH: process.env.PATH, XDG_STATE_HOME: directory, AWS_REGION: region },
    ...{ AWS_ACCESS_KEY_ID: credentials?.accessKeyId, AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey },
  }
  return await promisify(execFile)(process.execPath, args, { env: variables })
}
