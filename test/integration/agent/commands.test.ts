import { generateKeyPairSync } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openBody } from '../../../src/protocol/envelope.ts'
import type { FactsMessage } from '../../../src/protocol/messages.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import type { Queues } from '../../../src/queues/queues.ts'
import { type AgentProcess, startAgent } from '../../support/agentProcess.ts'
import { type Commander, startCommander } from '../../support/commander.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

let sqs: SqsServer
let environment: Environment
let queues: Queues
let master: Commander
let agent: AgentProcess
let directory: string
let factsFile: string
let policyFile: string

const keys = generateKeyPairSync('ed25519')
const signer = { name: 'alice', privateKey: keys.privateKey }

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('testing')
  queues = sqs.connect()
  master = startCommander(queues, environment)
  directory = mkdtempSync(join(tmpdir(), 'agent-'))
  factsFile = join(directory, 'facts.yaml')
  policyFile = join(directory, 'policy.yaml')
  writeFileSync(factsFile, 'role: web\n')
  writeFileSync(policyFile, 'rules: [{}]\n', { mode: 0o600 })
  agent = await startAgent({
    environment,
    directory,
    general: { policy: policyFile },
    facts: { facts_path: factsFile },
  })
})

afterAll(async () => {
  await agent.stop()
  await master.stop()
  await sqs.stop()
  rmSync(directory, { recursive: true, force: true })
})

afterEach(() => master.expire())

const echo = { kind: 'shell', command: 'echo hello' } as const

/** A ping that is answered: whatever was sent before it has been dealt with, and said nothing if it is not heard. */
async function silence(runId: string): Promise<void> {
  await master.result(await master.send({ kind: 'ping' }))
  expect(master.heard(runId)).toEqual([])
}

describe('an agent', () => {
  it('publishes its facts when it starts', async () => {
    const facts = await nextFacts(({ agentId }) => agentId === 'agent-1')
    expect(facts).toMatchObject({
      environment: 'testing',
      hostname: 'agent-1',
      running: [],
      facts: { role: 'web', hostname: 'agent-1' },
    })
  })

  it('answers a ping at once', async () => {
    const runId = await master.send({ kind: 'ping' })
    const { result } = await master.result(runId)
    expect(result).toMatchObject({ outcome: { kind: 'exited', code: 0 }, frames: 0 })
  })

  it('reads its facts again when asked to, publishes them and filters by them', async () => {
    appendFileSync(factsFile, 'tier: gold\n')
    const { stdout } = await master.result(await master.send({ kind: 'facts' }))
    expect(stdout).toMatch(/^\d+ facts\n$/)
    await nextFacts(({ facts }) => facts.tier === 'gold')
    expect((await master.result(await master.send(echo, { filter: 'tier=gold' }))).stdout).toBe('hello\n')
  })

  it('goes by its facts in the filter', async () => {
    expect((await master.result(await master.send(echo, { filter: 'role=web' }))).stdout).toBe('hello\n')
    await silence(await master.send(echo, { filter: 'role=database' }))
  })

  it('goes by the targets', async () => {
    expect((await master.result(await master.send(echo, { targets: ['x', 'agent-1'] }))).stdout).toBe(
      'hello\n',
    )
    await silence(await master.send(echo, { targets: ['x', 'y'] }))
    await silence(await master.send(echo, { targets: [] }))
  })
})

describe('a refusal', () => {
  it.each([
    ['a filter that does not parse', { filter: 'role=' }, 'filter', /cannot parse the filter/],
    [
      'a filter that does not hold for a target',
      { filter: 'role=db', targets: ['agent-1'] },
      'filter',
      /no longer matches/,
    ],
    [
      'another environment',
      { environment: 'production' },
      'environment',
      /production; agent-1 is in testing/,
    ],
    [
      'a reply queue elsewhere',
      { replyTo: 'production_agent' },
      'reply-queue',
      /Replies to production_agent are not allowed/,
    ],
  ])('names %s', async (_, command, code, reason) => {
    const refusal = await master.wait(await master.send(echo, command), 'refusal')
    expect(refusal.code).toBe(code)
    expect(refusal.reason).toMatch(reason)
  })

  it('names an action that this version does not know', async () => {
    const refusal = await master.wait(await master.send({ kind: 'teleport' }), 'refusal')
    expect(refusal).toMatchObject({ code: 'unsupported', reason: expect.stringContaining('"teleport"') })
  })

  it('is not sent for commands that are for others', async () => {
    await silence(await master.send({ kind: 'teleport' }, { filter: 'role=database' }))
    await silence(await master.send(echo, { environment: 'production', targets: ['x'] }))
  })
})

describe('a command that is sent again', () => {
  it('is not executed again, and its result is told again', async () => {
    const file = join(directory, 'once')
    const command = { kind: 'shell', command: `echo did >> ${file}; cat ${file}` } as const
    const runId = await master.send(command)
    await master.result(runId)
    await master.send(command, { runId })
    // On a slow machine an acknowledgement comes first.
    const results = () => master.heard(runId).filter(({ message }) => message.type === 'result')
    await until(() => results().length === 2, 'the second telling')
    expect(readFileSync(file, 'utf8')).toBe('did\n')
  })

  it('is acknowledged again while it runs', async () => {
    const command = { kind: 'shell', command: 'sleep 300' } as const
    const runId = await master.send(command)
    await master.wait(runId, 'ack')
    await master.send(command, { runId })
    await until(() => master.heard(runId).length === 2, 'the second acknowledgement')
    expect(master.heard(runId).map(({ message }) => message.type)).toEqual(['ack', 'ack'])
    await master.send({ kind: 'cancel', runId })
    await master.result(runId)
  })

  it('is executed once although several messages with other targets carry it', async () => {
    const runId = await master.send(echo, { targets: ['somebody'] })
    await master.send(echo, { runId, targets: ['agent-1'] })
    expect((await master.result(runId)).stdout).toBe('hello\n')
  })
})

describe('resend', () => {
  it('gives the same frames and the result again', async () => {
    const runId = await master.send({ kind: 'shell', command: 'head -c 300000 /dev/urandom | base64' })
    const { result } = await master.result(runId)
    const before = master.heard(runId).map(({ message }) => JSON.stringify(message))
    await master.send({ kind: 'resend', runId, missing: [0, 2], result: true })
    await until(() => master.heard(runId).length === before.length + 3, 'two frames and the result')
    const again = master.heard(runId).slice(before.length)
    expect(again.every(({ message }) => before.includes(JSON.stringify(message)))).toBe(true)
    const frames = again.flatMap(({ message }) => (message.type === 'output' ? [message.frame] : []))
    expect(frames.sort()).toEqual([0, 2])
    expect(again.some(({ message }) => message.type === 'result')).toBe(true)
    expect(result.frames).toBeGreaterThan(3)
  })

  it('sends the result when the frame that is missing is in it', async () => {
    const runId = await master.send(echo)
    await master.result(runId)
    await master.send({ kind: 'resend', runId, missing: [0], result: false })
    const results = () => master.heard(runId).filter(({ message }) => message.type === 'result')
    await until(() => results().length === 2, 'the result again')
  })

  it('is audited: a request for an output needs only its run’s id', async () => {
    const runId = await master.send(echo)
    await master.result(runId)
    await master.send({ kind: 'resend', runId, missing: [], result: true })
    const lines = () => readFileSync(agent.auditLog, 'utf8').split('\n')
    await until(() => lines().some((line) => line.includes(`"action":"resend ${runId}"`)), 'its line')
  })

  it('is answered with nothing for a run that is not known', async () => {
    const runId = 'run-never-heard-of'
    await master.send({ kind: 'resend', runId, missing: [0], result: true })
    await silence(runId)
  })
})

describe('a policy', () => {
  it('is asked again when a run that has waited starts', async () => {
    const home = join(directory, 'one-at-a-time')
    const own = join(home, 'policy.yaml')
    mkdirSync(home)
    writeFileSync(own, 'rules: [{}]\n', { mode: 0o600 })
    const general = { policy: own, max_parallel: 1 }
    const busy = await startAgent({ environment, directory: home, agentId: 'agent-2', general })
    const released = join(home, 'released')
    const targets = ['agent-2']
    const first = await master.send(
      { kind: 'shell', command: `until [ -e ${released} ]; do sleep 0.05; done` },
      { targets },
    )
    const second = await master.send({ kind: 'shell', command: `touch ${home}/ran` }, { targets })
    await master.wait(second, 'ack')
    writeFileSync(own, 'rules: []\n')
    writeFileSync(released, '')
    await master.result(first)
    const { result } = await master.result(second)
    expect(result.outcome).toEqual({
      kind: 'not-executed',
      reason: 'The policy has no rules, so it allows nothing.',
    })
    expect(existsSync(join(home, 'ran'))).toBe(false)
    await busy.stop()
  })

  it('takes effect when its file changes, and refuses with the reason', async () => {
    const publicKey = keys.publicKey
      .export({ type: 'spki', format: 'pem' })
      .toString()
      .replaceAll('\n', '\n      ')
    changePolicy(`
keys:
  alice: |
      ${publicKey}
deny: ["/mkfs/"]
rules:
  - name: everyone
    actions: [ping, facts, cancel, resend]
  - name: lookers
    commands: { allow: ["uptime", "ls *"] }
  - name: signers
    keys: [alice]
`)
    expect((await master.result(await master.send({ kind: 'ping' }))).result.outcome.kind).toBe('exited')
    expect((await master.result(await master.send({ kind: 'shell', command: 'ls /' }))).stdout).toContain(
      'etc',
    )
    const refusal = await master.wait(await master.send({ kind: 'shell', command: 'ls / ; id' }), 'refusal')
    expect(refusal).toMatchObject({ code: 'policy', reason: 'lookers does not allow this command.' })
  })

  it('allows what is signed by a key that it knows', async () => {
    expect((await master.result(await master.send(echo, {}, signer))).stdout).toBe('hello\n')
    const denied = await master.wait(
      await master.send({ kind: 'shell', command: 'mkfs /dev/x' }, {}, signer),
      'refusal',
    )
    expect(denied).toMatchObject({ code: 'policy', reason: 'The policy denies commands that match /mkfs/.' })
  })

  it('refuses signatures by others, and such that were made long before', async () => {
    const stranger = { name: 'alice', privateKey: generateKeyPairSync('ed25519').privateKey }
    changePolicy(readFileSync(policyFile, 'utf8').replace(/ {2}- name: lookers\n.*\n/, ''))
    const forged = await master.wait(await master.send(echo, {}, stranger), 'refusal')
    expect(forged).toMatchObject({ code: 'signature', reason: expect.stringContaining('is not valid') })
    const old = await master.wait(
      await master.send(echo, { issuedAt: Date.now() - 3_600_000 }, signer),
      'refusal',
    )
    expect(old).toMatchObject({
      code: 'expired',
      reason: expect.stringContaining('it was replayed'),
    })
    const unsigned = await master.wait(await master.send(echo), 'refusal')
    expect(unsigned.code).toBe('signature')
  })

  it('allows nothing from the moment when its file cannot be understood, and says so', async () => {
    const before = readFileSync(policyFile, 'utf8')
    writeFileSync(policyFile, `${before}\nrulez: []\n`)
    const refusal = await master.wait(await master.send(echo, {}, signer), 'refusal')
    expect(refusal).toMatchObject({ code: 'policy', reason: expect.stringContaining('nothing is allowed') })
    await nextFacts(
      ({ facts, problems }) =>
        JSON.stringify(facts.agent).includes('"state":"closed"') &&
        problems?.join().includes('rulez') === true,
    )
    writeFileSync(policyFile, before)
    expect((await master.result(await master.send(echo, {}, signer))).stdout).toBe('hello\n')
  })

  it('allows nothing from the moment when its file is gone, also after a restart', async () => {
    const before = readFileSync(policyFile, 'utf8')
    rmSync(policyFile)
    const refusal = await master.wait(await master.send(echo, {}, signer), 'refusal')
    expect(refusal).toMatchObject({ code: 'policy', reason: expect.stringContaining('does not exist') })
    writeFileSync(policyFile, before)
  })

  function changePolicy(text: string): void {
    // It counts from this moment on, without any signal.
    writeFileSync(policyFile, text)
  }
})

async function nextFacts(fits: (message: FactsMessage) => boolean): Promise<FactsMessage> {
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
