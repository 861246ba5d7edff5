import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Action } from '../../../src/protocol/action.ts'
import { sealBody } from '../../../src/protocol/envelope.ts'
import { everyone } from '../../../src/protocol/filter/writtenFilter.ts'
import type { CommandMessage, FactsMessage } from '../../../src/protocol/messages.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { createQueues, type Queues } from '../../../src/queues/queues.ts'
import { localize } from '../../../src/text/localizable.ts'
import { inEnglish } from '../../../src/text/translate.ts'
import { type AgentProcess, startAgent } from '../../support/agentProcess.ts'
import { type Commander, commandBody, startCommander } from '../../support/commander.ts'
import { type FaultProxy, startFaultProxy } from '../../support/faultProxy.ts'
import { createMasters, type Masters, type OpenMaster, outputOf, startRun } from '../../support/masters.ts'
import { repliesOf, type ScriptedAgent, startScriptedAgent } from '../../support/scriptedAgent.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

const [honest, mallory] = ['i-00000000000000001', 'i-0666666666666666f']

/** As AWS tells of it. */
const malloryAsSender = `AROASERVERS:${mallory}`

/** A session of another role, which was given the name of the honest instance. */
const otherRole = `AROAANYOTHERROLE:${honest}`

let sqs: SqsServer
/** Knows who is who, as AWS does. */
let proxy: FaultProxy
let environment: Environment
let environments = 0
const clients: Queues[] = []

beforeAll(async () => {
  sqs = await startSqs()
})
afterAll(() => sqs.stop())

beforeEach(async () => {
  const senderIds = {
    ADA: 'AIDAADA',
    HONEST: `AROASERVERS:${honest}`,
    MALLORY: malloryAsSender,
    ROLE: otherRole,
  }
  proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed: 1, senderIds })
  environments += 1
  environment = { ...(await sqs.environment(`hostile${environments}`)), endpoint: proxy.endpoint }
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await proxy.stop()
})

function connect(accessKeyId: string): Queues {
  const credentials = { accessKeyId, secretAccessKey: 'test' }
  const client = createQueues({ region: 'eu-west-1', endpoint: proxy.endpoint, credentials })
  clients.push(client)
  return client
}

/** Bodies that are none of ours, or meant to hurt whoever opens them. */
const bombs = {
  'not JSON': 'hello',
  'JSON of somebody else': '{"Type":"Notification","Message":"hello"}',
  'another version': '{"v":2,"m":"{}"}',
  'a gzip bomb as message': JSON.stringify({
    v: 1,
    mz: gzipSync(Buffer.alloc(40_000_000)).toString('base64'),
  }),
  'half a gzip': JSON.stringify({
    v: 1,
    mz: gzipSync(randomBytes(3_000)).toString('base64').slice(0, 2_000),
  }),
  'thirty thousand brackets': JSON.stringify({ v: 1, m: '['.repeat(30_000) }),
  'a prototype': '{"v":1,"m":"{\\"__proto__\\":{\\"type\\":\\"command\\"}}"}',
  'control characters': `{"v":1,"m":"\\u001b]0;owned\\u0007\\u0000"}`,
}

/** Commands that are well formed, and still not to be obeyed; and what the log says of each. */
const hostilities: readonly [what: string, command: Partial<CommandMessage>, told: string][] = [
  ['ten thousand brackets as filter', { filter: '('.repeat(10_000) }, 'refused (filter)'],
  ['a pattern without end', { filter: `name =~ "${'(a+)+'.repeat(1_000)}$"` }, 'refused (filter)'],
  ['a filter without end', { filter: `role=${'x'.repeat(40_000)}` }, 'refused (filter)'],
  ['a filter that matches nobody', { filter: 'nobody' }, 'not for this agent: its filter does not match'],
  [
    'two thousand others as targets',
    { targets: Array.from({ length: 2_000 }, (_, index) => `i-${index}`) },
    'not for this agent: not among its targets',
  ],
  ['a path as target', { targets: ['../../etc/passwd'] }, 'cannot be read: targets.0'],
  ['no time to live', { ttlMs: 0 }, 'cannot be read: ttlMs'],
  ['less than no time', { timeoutMs: -1 }, 'cannot be read: timeoutMs'],
  ['a path as run id', { runId: '../../../../tmp/owned' }, 'cannot be read: runId'],
  ['a foreign address', { replyTo: 'https://sqs.example.com/1/owned_agent' }, 'cannot be read: replyTo'],
]

describe('a master among hostile peers', () => {
  let masters: Masters
  let opened: OpenMaster
  let agent: ScriptedAgent
  let hostile: Queues

  beforeEach(async () => {
    hostile = connect('MALLORY')
    agent = await startScriptedAgent(connect('HONEST'), environment, honest, async () => {})
    masters = createMasters({ ...sqs, connect: () => connect('ADA') })
    opened = await masters.open(environment, { timing: { resendAfterMs: 100 } })
    await opened.discover(1)
  })
  afterEach(async () => {
    await agent.stop()
    await masters.close()
  })

  async function begunRun() {
    const run = await startRun(opened.master, {
      filter: everyone,
      action: { kind: 'ping' },
      timeoutMs: 20_000,
    })
    await until(() => agent.commands.length > 0, 'the command')
    return { run, replyTo: agent.commands[0]?.replyTo ?? '' }
  }

  const troubles = (kind: string) => opened.troubles.filter((trouble) => trouble.kind === kind)
  /** Message ids. */
  const sendBombs = async (queue: string) => {
    const sent: string[] = []
    for (const body of Object.values(bombs)) sent.push((await hostile.send(queue, body)).messageId)
    return sent
  }
  const forge = (replyTo: string, { message, data }: ReturnType<ReturnType<typeof repliesOf>['ack']>) =>
    hostile.send(replyTo, sealBody(message, data))

  it('does not take the word of one instance for another, and tells of it', async () => {
    const { run, replyTo } = await begunRun()
    const { frame, result, refusal } = repliesOf(honest, run.runId)
    await forge(replyTo, frame(0, 'all is well'))
    await forge(replyTo, result(['all is well']))
    await forge(replyTo, refusal('never'))
    await until(() => opened.master.rejected.forged === 3, 'three forgeries to be found')
    expect(troubles('forged')).toHaveLength(1)
    expect(troubles('forged')[0]).toMatchObject({ agentId: honest, senderId: malloryAsSender })
    expect(run.state.phase).toBe('running')
    await agent.send(replyTo, frame(0, 'it burns'), result(['it burns'], { kind: 'exited', code: 1 }))
    expect((await run.ended).counts.failed).toBe(1)
    expect(run.state.replies.get(honest)).toMatchObject({ identity: 'proven', output: 'complete' })
    expect(await outputOf(run, honest)).toBe('it burns')
  })

  it('does not take a session of another role for an instance that has proven its own, and shows the conflict', async () => {
    const { run, replyTo } = await begunRun()
    const impostor = connect('ROLE')
    const { message, data } = repliesOf(honest, run.runId).result(['all is well'])
    await impostor.send(replyTo, sealBody(message, data))
    await until(() => troubles('forged').length === 1, 'the forgery to be found')
    expect(troubles('forged')[0]).toMatchObject({ agentId: honest, senderId: otherRole })
    await agent.send(replyTo, repliesOf(honest, run.runId).result([], { kind: 'exited', code: 1 }))
    expect((await run.ended).counts.failed).toBe(1)
    expect(run.state.replies.get(honest)).toMatchObject({ identity: 'proven', conflicting: true })
    expect(opened.master.inventory.agents()).toMatchObject([
      { agentId: honest, identity: 'conflicting', contestedBy: otherRole },
    ])
  })

  it('shows agents that an instance makes up under the host name of another, and tells who sent them', async () => {
    const [{ hostname } = { hostname: '' }] = opened.master.inventory.agents()
    for (let ghost = 0; ghost < 5; ghost += 1) {
      const facts: FactsMessage = {
        ...{
          type: 'facts',
          agentId: `ghost-${ghost}`,
          hostname,
          environment: environment.name,
          version: '1',
        },
        ...{ startedAt: 0, sentAt: Date.now(), intervalMs: 50_000, running: [], facts: {} },
      }
      await hostile.send(environment.queues.facts, sealBody(facts))
    }
    await opened.discover(6)
    const ghosts = opened.master.inventory.agents().filter(({ agentId }) => agentId !== honest)
    expect(ghosts.filter(({ identity }) => identity === 'conflicting')).toHaveLength(4)
    expect(ghosts.filter(({ identity }) => identity === 'unproven')).toHaveLength(1)
    expect(new Set(ghosts.map(({ nameProblem }) => nameProblem))).toEqual(new Set(['doubled']))
    expect(troubles('facts')[0]).toMatchObject({ problem: 'conflicting', senderId: malloryAsSender })
  })

  it('records who sent its command, according to AWS, when it takes it off the queue', async () => {
    const { run, replyTo } = await begunRun()
    await agent.send(replyTo, repliesOf(honest, run.runId).result([]))
    await run.ended
    await run.withdrawn()
    await run.flush()
    expect(run.state.sender).toBe('AIDAADA')
    expect((await opened.history.list())[0]).toMatchObject({ runId: run.runId, sender: 'AIDAADA' })
    expect((await opened.history.load(run.runId)).state.sender).toBe('AIDAADA')
  })

  it('does not take the word of a user for an instance that proves who it is', async () => {
    const { run, replyTo } = await begunRun()
    const user = connect('ADA')
    const { message, data } = repliesOf(honest, run.runId).result([])
    await user.send(replyTo, sealBody(message, data))
    await until(() => troubles('forged').length === 1, 'the forgery to be found')
    expect(troubles('forged')[0]).toMatchObject({ agentId: honest, senderId: 'AIDAADA' })
    await agent.send(replyTo, repliesOf(honest, run.runId).result([], { kind: 'exited', code: 1 }))
    expect((await run.ended).counts.failed).toBe(1)
  })

  it('leaves a peer that was not asked out of who was, and shows that it was unexpected', async () => {
    const { run, replyTo } = await begunRun()
    await forge(replyTo, repliesOf(mallory, run.runId).result([]))
    await agent.send(replyTo, repliesOf(honest, run.runId).result([]))
    await run.ended
    await until(() => run.state.replies.size === 2, 'the one that was not asked')
    expect([...run.state.replies.values()].map(({ agentId, state }) => [agentId, state])).toEqual([
      [honest, 'succeeded'],
      [mallory, 'unexpected'],
    ])
  })

  it('takes nothing for a run that is not its own', async () => {
    const { run, replyTo } = await begunRun()
    await forge(replyTo, repliesOf(mallory, 'run-of-somebody-else').result([]))
    await forge(replyTo, repliesOf(honest, 'run-of-yesterday').result([]))
    await agent.send(replyTo, repliesOf(honest, run.runId).result([]))
    await run.ended
    const from = { kind: 'foreign', senderId: malloryAsSender }
    await until(() => opened.master.rejected.foreign === 2, 'both to be counted')
    expect(troubles('foreign')).toMatchObject([{ ...from, count: 1 }])
    const direct = sqs.connect()
    await until(async () => {
      const { visible = 0, notVisible = 0 } = await direct.attributes(replyTo)
      return visible + notVisible === 0
    }, 'the queue to be empty')
    expect([...run.state.replies.keys()]).toEqual([honest])
    expect((await opened.history.list()).map(({ runId }) => runId)).toEqual([run.runId])
  })

  it('survives whatever lies in its reply queue, counts each and tells of each sender, and goes on', async () => {
    const { run, replyTo } = await begunRun()
    const sent = await sendBombs(replyTo)
    const control = repliesOf(honest, run.runId).ack()
    await agent.send(
      replyTo,
      JSON.stringify({ v: 1, m: JSON.stringify({ ...control.message, hostname: 'web\u001b[2J' }) }),
    )
    await agent.send(replyTo, repliesOf(honest, run.runId).result([]))
    expect((await run.ended).counts.succeeded).toBe(1)
    await until(() => opened.master.rejected.unreadable === sent.length + 1, 'all to be counted')
    const told = troubles('unreadable').map((trouble) => 'senderId' in trouble && trouble.senderId)
    expect(told.toSorted()).toEqual([`AROASERVERS:${honest}`, malloryAsSender].toSorted())
    expect(run.state.replies.get(honest)?.hostname).toBe(`host-${honest}`)
  })

  it('is not kept waiting or busy by a result that promises what nobody can send', async () => {
    const { run, replyTo } = await begunRun()
    const { message } = repliesOf(honest, run.runId).result([])
    const boundless = { ...message, frames: Number.MAX_SAFE_INTEGER } as typeof message
    await agent.send(replyTo, { message: boundless, data: new Uint8Array() })
    const frame = repliesOf(honest, run.runId).frame(Number.MAX_SAFE_INTEGER - 1, 'x')
    await agent.send(replyTo, frame)
    expect((await run.ended).counts.succeeded).toBe(1)
    expect(run.state.replies.get(honest)?.output).toBe('incomplete')
  }, 60_000)

  it('does not believe facts about one instance that another sends, nor facts of another environment', async () => {
    const known = opened.master.inventory.agents()
    const facts: FactsMessage = {
      ...{ type: 'facts', hostname: 'owned', version: '0', startedAt: 1, sentAt: Date.now() },
      ...{
        environment: environment.name,
        agentId: honest,
        intervalMs: 30_000,
        running: [],
        facts: { role: 'db' },
      },
    }
    await hostile.send(environment.queues.facts, sealBody(facts))
    await hostile.send(
      environment.queues.facts,
      sealBody({ ...facts, agentId: mallory, environment: 'production' }),
    )
    const sent = await sendBombs(environment.queues.facts)
    const found = new Map<string, string>()
    await until(async () => {
      const { unreadable } = await opened.master.refresh()
      for (const { messageId, reason } of unreadable) found.set(messageId, localize(reason, inEnglish))
      return found.size >= sent.length + 2
    }, 'all of them to be found')
    expect([...found.keys()]).toEqual(expect.arrayContaining(sent))
    const reasons = [...found.values()].join('\n')
    expect(reasons).toContain(`facts under the name of ${honest}, sent by ${malloryAsSender}`)
    expect(reasons).toContain('facts of environment production')
    // The first, and the tenth.
    expect(troubles('unreadable')).toMatchObject([
      { queue: 'facts', senderId: malloryAsSender, count: 1 },
      { count: 10 },
    ])
    expect(opened.master.inventory.agents().map(({ agentId, hostname }) => [agentId, hostname])).toEqual(
      known.map(({ agentId, hostname }) => [agentId, hostname]),
    )
    expect(({} as { type?: string }).type).toBeUndefined()
  })
})

describe('an agent among hostile peers', () => {
  let directory: string
  let agent: AgentProcess
  let master: Commander
  let hostile: Queues
  let effects: string

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'hostile-'))
    effects = join(directory, 'effects')
    agent = await start()
    master = startCommander(connect('ADA'), environment)
    hostile = connect('MALLORY')
  })
  afterEach(async () => {
    await agent.stop()
    await master.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  const start = () =>
    startAgent({
      ...{ environment, directory, agentId: honest, endpoint: proxy.endpoint },
      credentials: { accessKeyId: 'HONEST', secretAccessKey: 'test' },
      general: { log_level: 'DEBUG' },
    })
  const touch = (): Action => ({ kind: 'shell', command: `echo done >>${effects}` })
  const executions = () => (existsSync(effects) ? readFileSync(effects, 'utf8').split('\n').length - 1 : 0)
  const sendHostile = (body: string) => hostile.send(environment.queues.commands, body)
  /** Waits until so many lines of the log have all of these in them: the log comes by a way of its own. */
  const isTold = (words: readonly string[], times = 1) =>
    until(
      () =>
        agent.log.split('\n').filter((line) => words.every((word) => line.includes(word))).length >= times,
      `the agent to log ${words.join(' … ')}; it logged:\n`,
      () => agent.log,
    )
  /** What the audit log says of a run. */
  const audited = (runId: string): { event: string; senderId: string; verdict: string; code?: string }[] =>
    readFileSync(agent.auditLog, 'utf8')
      .split('\n')
      .filter((line) => line.includes(runId))
      .map((line) => JSON.parse(line))
  /** Whatever was sent before has been dealt with when this is answered. */
  const settle = async () => void (await master.result(await master.send({ kind: 'ping' })))

  it('executes a command that is played back once, also after a restart', async () => {
    const runId = 'run-that-is-replayed'
    const body = commandBody(environment, touch(), { runId })
    await master.sendBody(body)
    await master.result(runId)
    for (let time = 0; time < 3; time += 1) await sendHostile(body)
    await settle()
    await isTold([`${runId} is refused (policy), without a reply: This run was started by another sender`], 3)
    await agent.kill()
    agent = await start()
    await sendHostile(body)
    await settle()
    expect(executions()).toBe(1)
    await isTold([`${runId} is refused (policy), without a reply: This run was started by another sender`])
    const byEvent = audited(runId).map(({ event, senderId }) => `${event} ${senderId}`)
    expect(new Set(byEvent)).toEqual(
      new Set(['received AIDAADA', 'ended AIDAADA', 'repeated AIDAADA', `refused ${malloryAsSender}`]),
    )
    expect(byEvent.filter((line) => line === 'received AIDAADA')).toHaveLength(1)
  })

  it('refuses what was made for another environment, and says so where its own masters look', async () => {
    await sendHostile(
      commandBody(environment, touch(), { runId: 'run-of-production', environment: 'production' }),
    )
    expect(await master.wait('run-of-production', 'refusal')).toMatchObject({ code: 'environment' })
    await isTold(['run-of-production is refused (environment)'])
    expect(audited('run-of-production')).toMatchObject([{ senderId: malloryAsSender, code: 'environment' }])
    expect(executions()).toBe(0)
  })

  it.each(['production_agent', 'mallorys-queue', 'hostile_master'])(
    'sends nothing to %s, which is not for its replies',
    async (replyTo) => {
      const direct = sqs.connect()
      await direct.create(replyTo, {})
      const runId = `run-to-${replyTo.replace('_', '-')}`
      await sendHostile(commandBody(environment, touch(), { runId, replyTo }))
      expect(await master.wait(runId, 'refusal')).toMatchObject({ code: 'reply-queue' })
      await isTold([`${runId} is refused (reply-queue)`, replyTo])
      expect(audited(runId)).toMatchObject([{ senderId: malloryAsSender, code: 'reply-queue' }])
      expect(await direct.attributes(replyTo)).toMatchObject({ visible: 0, notVisible: 0 })
      expect(executions()).toBe(0)
    },
  )

  it('survives whatever lies in its command queue, tells of each, and goes on', async () => {
    const sent: string[] = []
    for (const body of Object.values(bombs)) sent.push((await sendHostile(body)).messageId)
    await settle()
    for (const messageId of sent) await isTold([`Message ${messageId} of`, 'cannot be read'])
    expect(agent.log).not.toMatch(/Internal error in the agent/)
  })

  it.each(hostilities)('does not obey a command with %s, and tells why', async (_, command, told) => {
    const runId = 'run-of-mallory'
    const { messageId } = await sendHostile(commandBody(environment, touch(), { runId, ...command }))
    await settle()
    await isTold([told.startsWith('cannot be read') ? messageId : runId, told])
    expect(executions()).toBe(0)
    if (told.startsWith('refused'))
      expect(audited(runId)).toMatchObject([{ event: 'refused', senderId: malloryAsSender }])
    expect(agent.log).not.toMatch(/Internal error in the agent/)
  })

  it('writes no line into its log that a peer made up', async () => {
    const issuer = { name: 'ada\n2026-01-01T00:00:00.000Z ERROR The disk is full', host: '\u001b[2Jdesk' }
    await sendHostile(commandBody(environment, touch(), { runId: 'run-with-a-story', issuer }))
    await master.result('run-with-a-story')
    expect(audited('run-with-a-story')).toMatchObject([
      { event: 'received', senderId: malloryAsSender },
      { event: 'ended', senderId: malloryAsSender },
    ])
    expect(agent.log).not.toMatch(/^2026-01-01T/m)
    expect(agent.log).not.toContain('\u001b')
    const audit = readFileSync(agent.auditLog, 'utf8')
    expect(audit).not.toContain('\u001b')
    for (const line of audit.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow()
  })

  it('writes a script where it belongs, whatever its name', async () => {
    const script = (name: string) =>
      ({ kind: 'script', name, content: btoa('echo written'), args: [] }) as const
    expect((await master.result(await master.send(script('...')))).stdout).toBe('written\n')
    for (const name of ['..', '.']) {
      const { result } = await master.result(await master.send(script(name)))
      expect(result.outcome.kind).toBe('not-executed')
    }
    await sendHostile(commandBody(environment, script('../../evil.sh'), { runId: 'run-up-and-away' }))
    expect(await master.wait('run-up-and-away', 'refusal')).toMatchObject({ code: 'unsupported' })
    await isTold(['run-up-and-away is refused (unsupported)'])
    expect(audited('run-up-and-away')).toMatchObject([{ senderId: malloryAsSender, code: 'unsupported' }])
    expect(existsSync(join(directory, 'evil.sh'))).toBe(false)
  })
})
