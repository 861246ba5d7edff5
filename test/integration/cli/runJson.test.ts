import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { History } from '../../../src/master/store/history.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import type { ReportedRun } from '../../../src/report/reportedRun.ts'
import { exportJson, exportNdjson } from '../../../src/report/runExport.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { createMasters, type Masters } from '../../support/masters.ts'
import { outputOf, readRunJson, readRunNdjson } from '../../support/runJson.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { textOf } from '../../support/textOf.ts'

const program = fileURLToPath(new URL('../../../dist/ec2-cmaster.js', import.meta.url))

let sqs: SqsServer
let environment: Environment
let fleet: AgentFleet
let masters: Masters
let state: string

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('shapes')
  fleet = await startAgents(environment, 4, { general: { output_limit: 400_000 } })
  masters = createMasters(sqs)
  await (await masters.open(environment)).discover(4)
  state = await masters.newDirectory()
})
afterAll(async () => {
  await masters?.close()
  await fleet?.stop()
  await sqs?.stop()
})

describe('ec2-cmaster --json and the export of the same run', () => {
  it('have one shape and say the same: verdicts, sizes, exact bytes of text and of what is no text', async () => {
    const script = join(state, 'ends.sh')
    await writeFile(
      script,
      [
        '#!/bin/sh',
        'case $EC2_COLLECTIVE_AGENT_ID in',
        String.raw`  agent-1) printf 'gr\303\274\303\237e \033[31mred\033[0m\n'; printf 'and more\n' >&2 ;;`,
        String.raw`  agent-2) printf '\000\377\012'; exit 7 ;;`,
        '  agent-3) kill -TERM $$ ;;',
        '  agent-4) head -c 300000 /dev/zero | tr "\\000" x ;;',
        'esac',
        '',
      ].join('\n'),
    )
    const log = join(state, 'run.json')
    const { stdout, exitCode } = await cmaster('--everyone', '--json', '-l', log, '-c', `file://${script}`)
    const printed = readRunJson(stdout)
    expect(printed).toMatchObject({
      phase: 'over',
      exitCode,
      counts: { succeeded: 2, failed: 2 },
      missing: [],
    })
    const agents = Object.fromEntries(printed.agents.map((agent) => [agent.agentId, agent]))
    expect(agents).toMatchObject({
      'agent-1': {
        state: 'succeeded',
        exitCode: 0,
        stdout: 'grüße \x1b[31mred\x1b[0m\n',
        stderr: 'and more\n',
      },
      'agent-2': { state: 'failed', exitCode: 7, stdout: { base64: 'AP8K' }, stdoutBytes: 3 },
      'agent-3': { state: 'failed', exitCode: null, signal: 'SIGTERM', output: 'none' },
      'agent-4': {
        state: 'succeeded',
        stdoutBytes: 300_000,
        output: 'complete',
        order: [['stdout', 300_000]],
      },
    })
    expect(await readFile(log, 'utf8')).toBe(stdout)

    const run = await kept(printed.runId)
    const { exitCode: _, requests, ...shared } = printed
    expect(requests?.byOperation.SendMessage).toEqual({ requests: 1, billed: 1 })
    expect(readRunJson(await textOf(exportJson(run)))).toEqual(shared)
    expect(readRunNdjson(await textOf(exportNdjson(run)))).toEqual(shared)
    for (const agent of shared.agents) {
      const bytes = Buffer.concat((await run.output(agent.agentId)).map((chunk) => chunk.bytes))
      expect(Buffer.concat(outputOf(agent).map(([, part]) => part))).toEqual(bytes)
    }
  })

  it('tell what the output limit of the agent cut', async () => {
    const { stdout } = await cmaster('--filter', 'role=db', '--json', '-c', 'yes | head -c 1000000')
    const [first] = readRunJson(stdout).agents
    expect(first?.droppedBytes).toBeGreaterThan(0)
    expect((first?.stdoutBytes ?? 0) + (first?.droppedBytes ?? 0)).toBe(1_000_000)
    expect(first?.output).toBe('complete')
  })
})

/** The run as the results page opens it, from the history of `ec2-cmaster`. */
async function kept(runId: string): Promise<ReportedRun> {
  const history = await History.open(join(state, 'ec2-collective', 'history'))
  const { state: runState, record } = await history.load(runId)
  return {
    state: runState,
    output: (agentId, from, limit) => record.output.read(agentId, from, limit),
  }
}

async function cmaster(...argv: string[]) {
  const { name, endpoint = '', region, credentials } = environment
  const child = spawn(process.execPath, [program, '--env', name, '--endpoint', endpoint, ...argv], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      XDG_STATE_HOME: state,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
    },
  })
  const [stdout, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'close')])
  return { stdout, exitCode: exitCode as number }
}
