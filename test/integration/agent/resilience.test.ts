import { randomBytes, randomUUID } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Environment } from '../../../src/queues/environment.ts'
import { createQueues, type Queues } from '../../../src/queues/queues.ts'
import type { Connection } from '../../../src/queues/sqsClient.ts'
import { type AgentProcess, type AgentSettings, launchAgent, startAgent } from '../../support/agentProcess.ts'
import { type Commander, commandBody, startCommander } from '../../support/commander.ts'
import { type FaultProxy, startFaultProxy } from '../../support/faultProxy.ts'
import { faultSeed } from '../../support/faults/seed.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

let sqs: SqsServer
let queues: Queues
let environment: Environment
let master: Commander
let proxy: FaultProxy
let directory: string
let settings: AgentSettings
const agents: AgentProcess[] = []
let environments = 0

beforeAll(async () => {
  sqs = await startSqs()
  queues = sqs.connect()
})

afterAll(() => sqs.stop())

beforeEach(async (context) => {
  environments += 1
  environment = await sqs.environment(`testing${environments}`)
  master = startCommander(queues, environment)
  proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed: faultSeed(context) })
  directory = mkdtempSync(join(tmpdir(), 'agent-'))
  settings = { environment, directory, endpoint: proxy.endpoint }
})

afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.stop()
  await master.stop()
  await proxy.stop()
  rmSync(directory, { recursive: true, force: true })
})

async function start(more: Partial<AgentSettings> = {}): Promise<AgentProcess> {
  const agent = await startAgent({ ...settings, ...more })
  agents.push(agent)
  return agent
}

const shell = (command: string) => ({ kind: 'shell', command }) as const
const toReplies = { queue: /_agent$/, actions: ['SendMessage', 'SendMessageBatch'] }

describe('an agent whose SQS', () => {
  it('is away when it starts comes up with it', async () => {
    const back = proxy.outage()
    const agent = await start()
    await agent.logged(/Receiving from .* Cannot reach SQS/)
    back()
    expect((await master.result(await master.send(shell('echo back')))).stdout).toBe('back\n')
    await agent.logged(/Receiving from .* works again/)
  })

  it('goes away while it answers keeps the answer until it is back', async () => {
    const agent = await start()
    const back = proxy.outage(toReplies)
    const runId = await master.send(shell('seq 1 100000'))
    await agent.logged(/Run .* succeeded/)
    await until(() => (proxy.struck.drop ?? 0) > 1, 'some attempts')
    back()
    expect((await master.result(runId)).stdout.endsWith('99999\n100000\n')).toBe(true)
  })

  it('goes away while it answers delivers after the agent was killed and has come back', async () => {
    const agent = await start()
    proxy.outage(toReplies)
    const runId = await master.send(shell('seq 1 100000; exit 5'))
    await agent.logged(/Run .* failed/)
    await agent.kill()
    await start({ endpoint: sqs.endpoint })
    const { result, stdout } = await master.result(runId)
    expect(result.outcome).toEqual({ kind: 'exited', code: 5 })
    expect(stdout.length).toBe(588_895)
  })

  it('throttles, drops, breaks, repeats and reorders answers every run, each executed once', {
    timeout: 120_000,
  }, async () => {
    const file = join(directory, 'effects')
    await start()
    proxy.inject(
      { chance: 0.1, fault: { kind: 'refuse', as: 'ThrottlingException' } },
      { chance: 0.05, fault: { kind: 'refuse', as: 'ServiceUnavailableException' } },
      { chance: 0.05, fault: { kind: 'drop' } },
      { chance: 0.05, fault: { kind: 'cut', how: 'reset' } },
      { chance: 0.3, fault: { kind: 'twice' } },
      { chance: 0.3, fault: { kind: 'shuffle' } },
      { chance: 0.2, fault: { kind: 'again', afterMs: [50, 2_000] } },
    )
    const runs: string[] = []
    for (let index = 0; index < 8; index += 1) {
      runs.push(await master.send(shell(`echo ${index} >> ${file}; seq 1 ${index * 5_000}`)))
    }
    for (const [index, runId] of runs.entries()) {
      const { stdout } = await master.result(runId, 50_000)
      expect(stdout.split('\n').length).toBe(index * 5_000 + 1)
    }
    expect(readFileSync(file, 'utf8').trim().split('\n').sort()).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
    ])
  })

  it('has another time tells the age of commands by that time', async () => {
    const offsetMs = 600_000
    proxy.inject({ fault: { kind: 'clock', offsetMs } })
    await start()
    const runId = await master.send(shell('echo on time'), { issuedAt: Date.now() + offsetMs })
    expect((await master.result(runId)).stdout).toBe('on time\n')
  })

  it('is slow to show a command says that it came too late', async () => {
    proxy.inject({ fault: { kind: 'late', seconds: [2, 2] }, queue: /_master$/ })
    const slow = createQueues({ ...environment, endpoint: proxy.endpoint } as Connection)
    const agent = await start()
    const body = commandBody(environment, shell('echo late'), { runId: 'run-that-came-late', ttlMs: 1 })
    await slow.send(environment.queues.commands, body)
    slow.close()
    expect(await master.wait('run-that-came-late', 'refusal')).toMatchObject({ code: 'expired' })
    // What was refused stays refused, also when it comes once more and is not too old: its master knows it as refused.
    await master.send(shell('echo late'), { runId: 'run-that-came-late' })
    await master.result(await master.send(shell('echo next')))
    expect(agent.log.match(/succeeded/g)).toHaveLength(1)
    expect(master.heard('run-that-came-late')).toHaveLength(1)
  })
})

describe('an agent that is killed while a command runs', () => {
  it('answers that it was interrupted, with the output so far, and leaves nothing running', async () => {
    const agent = await start()
    const mark = `mark-${randomUUID()}`
    const runId = await master.send(shell(`echo begun; sleep 300; : ${mark}`))
    await master.wait(runId, 'output')
    await agent.kill()
    await start()
    const { result, stdout } = await master.result(runId)
    expect(result.outcome).toEqual({ kind: 'interrupted' })
    expect(stdout).toBe('begun\n')
    expect(commandLines().filter((line) => line.includes(mark))).toEqual([])
  })

  it('executes what was sent while it was away', async () => {
    const agent = await start()
    await master.result(await master.send(shell('true')))
    await agent.kill()
    const runId = await master.send(shell('echo waited'))
    await start()
    expect((await master.result(runId)).stdout).toBe('waited\n')
  })
})

describe('an agent that has lost its memory', () => {
  it('refuses earlier commands, as it may have executed them', async () => {
    const agent = await start()
    const file = join(directory, 'effects')
    const issuedAt = Date.now()
    const runId = await master.send(shell(`echo did >> ${file}`), { issuedAt })
    await master.result(runId)
    await agent.kill()
    rmSync(agent.stateDirectory, { recursive: true })
    // Clocks are known to two seconds: by SQS's clock the next one starts later than that.
    proxy.inject({ fault: { kind: 'clock', offsetMs: 60_000 } })
    const next = await start()
    await master.send(shell(`echo did >> ${file}`), { runId, issuedAt })
    await next.logged(new RegExp(`Run ${runId} is refused \\(expired\\): .* it may have been executed`))
    await master.send({ kind: 'cancel', runId, issuedAt })
    await master.result(await master.send({ kind: 'ping' }))
    expect(readFileSync(file, 'utf8')).toBe('did\n')
    const results = master.heard(runId).filter(({ message }) => message.type === 'result')
    expect(results).toHaveLength(1)
  })

  it('repairs a torn journal and knows what it executed', async () => {
    const agent = await start()
    const file = join(directory, 'effects')
    const runId = await master.send(shell(`echo did >> ${file}`))
    await master.result(runId)
    await agent.kill()
    appendFileSync(join(agent.stateDirectory, 'journal'), 'deadbeef {"t":"beg')
    const next = await start()
    expect(next.log).toMatch(/Ignored the incomplete last line of the journal/)
    await until(() => master.heard(runId).length > 1, 'the result, told again')
    expect(readFileSync(file, 'utf8')).toBe('did\n')
  })

  it('starts with a journal full of garbage, and executes new commands only', async () => {
    const agent = await start()
    const runId = await master.send(shell('true'))
    await master.result(runId)
    await agent.kill()
    writeFileSync(join(agent.stateDirectory, 'journal'), `${randomBytes(3_000).toString('latin1')}\n`)
    for (const name of readdirSync(join(agent.stateDirectory, 'spool'))) {
      writeFileSync(join(agent.stateDirectory, 'spool', name), randomBytes(500))
    }
    const next = await start()
    expect(next.log).toMatch(/damaged lines in the journal/)
    await until(async () => {
      const { result } = await master.result(await master.send(shell('true')))
      return result.outcome.kind === 'exited'
    }, 'a new command to be executed')
  })
})

describe('an agent that is asked to end', () => {
  it('stops its commands, answers for them and goes', async () => {
    const agent = await start()
    const runId = await master.send(shell('echo begun; sleep 300'))
    await master.wait(runId, 'output')
    agent.signal('SIGTERM')
    expect(await agent.ended).toBe(0)
    expect((await master.result(runId)).result.outcome).toEqual({ kind: 'interrupted' })
  })
})

describe('an agent that is the first process of a container', () => {
  it.runIf(process.getuid?.() === 0)('says that it reaps nothing, and works', async () => {
    const bundle = fileURLToPath(new URL('../../../dist/ec2-cagent.js', import.meta.url))
    const command = ['unshare', '--pid', '--fork', '--mount-proc', process.execPath, bundle]
    const agent = await start({ command })
    await agent.logged(/process 1 and does not reap .* docker run --init/)
    expect((await master.result(await master.send(shell('echo works')))).stdout).toBe('works\n')
  })
})

describe('a second agent', () => {
  it('does not start on the same state directory', async () => {
    await start()
    const second = await launchAgent(settings)
    expect(await second.ended).toBe(1)
    expect(second.log).toMatch(/Another agent is using the state directory/)
  })

  it('does not start either where several do at once after the first was killed', async () => {
    for (let round = 0; round < 5; round += 1) {
      const started = await Promise.all(Array.from({ length: 4 }, () => launchAgent(settings)))
      const endings: (number | NodeJS.Signals)[] = []
      for (const agent of started) void agent.ended.then((how) => endings.push(how))
      await until(
        () => endings.length >= 3,
        'three of four agents to end',
        () => `: ${started.map(({ log }) => log)}`,
      )
      const [left, ...others] = started.filter(({ log }) => !/Another agent is using/.test(log))
      expect(others).toEqual([])
      await left?.logged(/ is agent-1 /)
      await left?.kill()
      expect(endings).toEqual([1, 1, 1, 'SIGKILL'])
    }
  })

  it('takes the place of one whose state directory was removed, which ends', async () => {
    const agent = await start()
    rmSync(agent.stateDirectory, { recursive: true })
    expect(await agent.ended).toBe(0)
    expect(agent.log).toMatch(/Stopping: the state directory was removed/)
    await start()
  })
})

describe('garbage in the queue', () => {
  it('neither stops the agent nor hides the next command for longer than it takes to read past it', {
    timeout: 120_000,
  }, async () => {
    const agent = await start({ endpoint: sqs.endpoint })
    const pieces = Number(process.env.AGENT_GARBAGE ?? 1_000)
    const { commands } = environment.queues
    let sent = 0
    while (sent < pieces) {
      const batch = Array.from({ length: Math.min(10, pieces - sent) }, (_, index) => garbage(sent + index))
      await queues.sendBatch(commands, batch)
      sent += batch.length
    }
    const startedAt = performance.now()
    const { stdout } = await master.result(await master.send(shell('echo still here')), 100_000)
    const readingMs = performance.now() - startedAt
    expect(stdout).toBe('still here\n')
    const residentMiB =
      Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${agent.pid}/status`, 'utf8'))?.[1]) / 1024
    console.log(
      `${pieces} pieces of garbage: answered after ${Math.round(readingMs)} ms, at most ${Math.round(residentMiB)} MiB`,
    )
    expect(residentMiB).toBeLessThan(250)
    expect(agent.log).toMatch(/cannot be read: /)
    expect(agent.log.split('\n').length).toBeLessThan(100)
    await master.expire()
    const again = performance.now()
    await master.result(await master.send(shell('true')))
    // Beyond the agent's longest pause.
    expect(performance.now() - again).toBeLessThan(readingMs + 1_500)
  })

  const zeros = gzipSync(Buffer.alloc(20_000_000)).toString('base64')
  const text = gzipSync(`"${'a'.repeat(18_000_000)}"`).toString('base64')
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

  function garbage(index: number): string {
    const kinds = [
      () => `not JSON ${randomUUID()}`,
      () => JSON.stringify({ v: 2, m: randomUUID() }),
      () =>
        JSON.stringify({
          v: 1,
          mz: gzipSync(randomBytes(100))
            .toString('base64')
            .slice(0, 40 + (index % 60)),
        }),
      () => JSON.stringify({ v: 1, m: '{}', dz: zeros, id: index }),
      () => nested(10_000 + index),
      () => JSON.stringify({ v: 1, m: `{"type":"command","filter":${nested(5_000)}}` }),
      () => JSON.stringify({ v: 1, m: JSON.stringify({ type: 'facts', agentId: randomUUID() }) }),
      () => JSON.stringify({ batch_msg_id: randomUUID(), cmd: 'rm -rf /', mode: 'cli', ts: index }),
      () => randomBytes(200).toString('base64'),
      () => JSON.stringify({ v: 1, mz: text, id: index }),
    ]
    return (kinds[index % kinds.length] as () => string)()
  }
})

function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && existsSync(`/proc/${entry}/cmdline`))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8')]
      } catch {
        return []
      }
    })
}
