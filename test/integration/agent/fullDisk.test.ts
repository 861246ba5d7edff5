import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openBody } from '../../../src/protocol/envelope.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import type { Queues } from '../../../src/queues/queues.ts'
import { type AgentProcess, startAgent } from '../../support/agentProcess.ts'
import { type Commander, startCommander } from '../../support/commander.ts'
import { mountSmallDisk, type SmallDisk } from '../../support/smallDisk.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

let sqs: SqsServer
let environment: Environment
let queues: Queues
let master: Commander
let directory: string
let disk: SmallDisk | undefined
let environments = 0
const agents: AgentProcess[] = []

beforeAll(async () => {
  sqs = await startSqs()
  queues = sqs.connect()
})

afterAll(() => sqs.stop())

beforeEach(async (context) => {
  environments += 1
  environment = await sqs.environment(`disk${environments}`)
  master = startCommander(queues, environment)
  directory = mkdtempSync(join(tmpdir(), 'agent-'))
  disk = mountSmallDisk(join(directory, 'disk'), 512)
  if (disk === undefined) return context.skip('only root may mount a disk to fill')
})

afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.kill()
  disk?.stop()
  await master.stop()
  rmSync(directory, { recursive: true, force: true })
})

/** State and audit log on the small disk; the identity is not configured. */
async function start(): Promise<AgentProcess> {
  const onDisk = (name: string) => join((disk as SmallDisk).directory, name)
  const general = { agent_id: undefined, state_dir: onDisk('state'), audit_log: onDisk('audit.log') }
  const agent = await startAgent({ environment, directory, general })
  agents.push(agent)
  return agent
}

const shell = (command: string) => ({ kind: 'shell', command }) as const
const idOf = (agent: AgentProcess) => / INFO {2}ec2-cagent \S+ is (\S+) /.exec(agent.log)?.[1]

async function publishedProblems(): Promise<readonly string[]> {
  const problems = new Set<string>()
  await until(async () => {
    const received = await queues.receive(environment.queues.facts, { waitSeconds: 1, visibilitySeconds: 0 })
    for (const { body } of received) {
      const { message } = openBody(body, 'facts')
      for (const problem of message.problems ?? []) problems.add(problem)
    }
    return problems.size > 0
  }, 'facts with problems')
  return [...problems]
}

describe('an agent that starts on a full disk', () => {
  it('is who it was, executes commands, and says that it remembers them only as long as it lives', async () => {
    const before = await start()
    await master.result(await master.send(shell('true')))
    before.signal('SIGTERM')
    await before.ended
    disk?.fill()
    const agent = await start()
    expect(idOf(agent)).toBe(idOf(before))
    const { result, stdout } = await master.result(await master.send(shell('echo freeing space')))
    expect([result.agentId, stdout]).toEqual([idOf(before), 'freeing space\n'])
    // A line or two may still have found room.
    await until(async () => {
      await master.result(await master.send(shell('true')))
      return /runs are remembered in memory only/.test(agent.log)
    }, 'the agent to say so')
    await master.result(await master.send({ kind: 'facts' }))
    expect((await publishedProblems()).join()).toMatch(/Cannot write the journal/)
  })

  it('executes nothing twice when it is killed there, and remembers again when there is room', async () => {
    disk?.fill()
    const file = join(directory, 'effects')
    const agent = await start()
    const issuedAt = Date.now()
    const runId = await master.send(shell(`echo did >> ${file}`), { issuedAt })
    await master.result(runId)
    expect(agent.log).toMatch(/runs are remembered in memory only/)
    await agent.kill()
    await master.expire()
    disk?.free()
    const next = await start()
    // Clocks are known to two seconds.
    await until(() => Date.now() > issuedAt + 3_000, 'clocks to tell the start from the command')
    await next.kill()
    const last = await start()
    await master.send(shell(`echo did >> ${file}`), { runId, issuedAt })
    await last.logged(new RegExp(`Run ${runId} is refused \\(expired\\): .* it may have been executed`))
    await master.wait(runId, 'refusal')
    await master.result(await master.send(shell(`echo new >> ${file}`)))
    expect(readFileSync(file, 'utf8')).toBe('did\nnew\n')
    expect(last.log).not.toMatch(/Cannot write the journal/)
  })
})
