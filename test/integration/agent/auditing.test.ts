import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { encodeTargetSet } from '../../../src/protocol/targetSet.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { type AgentProcess, startAgent } from '../../support/agentProcess.ts'
import { type Commander, startCommander } from '../../support/commander.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

const agentProgram = fileURLToPath(new URL('../../../dist/ec2-cagent.js', import.meta.url))
const cmasterProgram = fileURLToPath(new URL('../../../dist/ec2-cmaster.js', import.meta.url))

let sqs: SqsServer
let environment: Environment
let master: Commander
let agent: AgentProcess
let directory: string
let senderId: string

const alice = generateKeyPairSync('ed25519')
const signer = { name: 'alice', privateKey: alice.privateKey }
const forger = { name: 'alice', privateKey: generateKeyPairSync('ed25519').privateKey }

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('audited')
  master = startCommander(sqs.connect(), environment)
  directory = mkdtempSync(join(tmpdir(), 'agent-'))
  const policy = join(directory, 'policy.yaml')
  const publicKey = alice.publicKey
    .export({ type: 'spki', format: 'pem' })
    .toString()
    .trim()
    .replaceAll('\n', '\n    ')
  writeFileSync(policy, `keys:\n  alice: |\n    ${publicKey}\ndeny: ["/mkfs/"]\nrules: [{}]\n`, {
    mode: 0o600,
  })
  agent = await startAgent({ environment, directory, general: { policy } })
  await master.send({ kind: 'ping' })
  senderId = await master.senderId()
})

afterAll(async () => {
  await agent?.stop()
  await master?.stop()
  await sqs?.stop()
  rmSync(directory, { recursive: true, force: true })
})

const action = { kind: 'shell', command: 'echo hello', environment: { COLOUR: 'green' } } as const
const aimed = { filter: 'hostname=agent-1', targets: ['agent-1', 'agent-2'] }
/** What each line says of a command that is aimed like this. */
const common = {
  get senderId() {
    return senderId
  },
  ...{ agentId: 'agent-1', issuer: 'tester@desk', action: 'shell' },
  ...{ environment: 'audited', filter: 'hostname=agent-1', targets: 2, variables: ['COLOUR'] },
  ...{
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    actionSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  },
}

function linesOf(runId: string) {
  const lines = readFileSync(agent.auditLog, 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line)).filter((entry) => entry.runId === runId)
}

async function line(runId: string, event: string) {
  const find = () => linesOf(runId).find((entry) => entry.event === event)
  await until(
    () => find() !== undefined,
    `the line "${event}" of ${runId}`,
    () => JSON.stringify(linesOf(runId)),
  )
  return find()
}

describe('each line of the audit log has the keys, the targets, the filter and the environment of a command', () => {
  it('that is executed, before it and after it', async () => {
    const runId = await master.send(action, aimed, signer)
    await master.result(runId)
    const keys = { claimedKey: 'alice', verifiedKey: 'alice' }
    expect(await line(runId, 'received')).toMatchObject({ ...common, ...keys })
    expect(await line(runId, 'ended')).toMatchObject({
      ...common,
      ...keys,
      verdict: 'succeeded',
      exitCode: 0,
    })
  })

  it('that is not signed: there is no key', async () => {
    const runId = await master.send(action, aimed)
    await master.result(runId)
    const received = await line(runId, 'received')
    expect(received).toMatchObject(common)
    expect(received).not.toHaveProperty('claimedKey')
    expect(received).not.toHaveProperty('verifiedKey')
  })

  it('that is signed by another key than it says: that is claimed, and not verified', async () => {
    const runId = await master.send(action, aimed, forger)
    await master.result(runId)
    for (const event of ['received', 'ended']) {
      const found = await line(runId, event)
      expect(found).toMatchObject({ ...common, claimedKey: 'alice' })
      expect(found).not.toHaveProperty('verifiedKey')
    }
  })

  it('that is refused', async () => {
    const runId = await master.send({ ...action, command: 'mkfs /dev/null' }, aimed, signer)
    await master.wait(runId, 'refusal')
    const keys = { claimedKey: 'alice', verifiedKey: 'alice' }
    expect(await line(runId, 'refused')).toMatchObject({
      ...common,
      ...keys,
      verdict: 'refused',
      code: 'policy',
    })
    expect(linesOf(runId)).toHaveLength(1)
  })

  it('that comes again', async () => {
    const runId = await master.send(action, aimed, signer)
    await master.result(runId)
    await master.send(action, { ...aimed, runId }, signer)
    expect(await line(runId, 'repeated')).toMatchObject({
      ...common,
      claimedKey: 'alice',
      verifiedKey: 'alice',
    })
  })

  it('that is withheld: a copy that asks for its reply elsewhere', async () => {
    const runId = await master.send(action, aimed, signer)
    await master.result(runId)
    await master.send(action, { ...aimed, runId, replyTo: 'somewhere_else' }, signer)
    expect(await line(runId, 'withheld')).toMatchObject({
      ...{ ...common, claimedKey: 'alice', verifiedKey: 'alice' },
      reason: expect.stringContaining('somewhere_else'),
    })
  })

  it('that names its agents by a set: how many they are', async () => {
    const runId = 'run-of-a-set'
    const targetSet = encodeTargetSet(runId, ['agent-1', 'agent-2', 'agent-3'])
    await master.send(action, { runId, targetSet })
    await master.result(runId)
    expect(await line(runId, 'received')).toMatchObject({ targets: 3 })
  })

  it('that names nobody: there is no number of targets', async () => {
    const runId = await master.send(action)
    await master.result(runId)
    expect(await line(runId, 'received')).not.toHaveProperty('targets')
  })

  it('that cancels a run', async () => {
    const orderId = await master.send({ kind: 'cancel', runId: 'run-that-never-was' }, aimed, signer)
    expect(await line(orderId, 'ended')).toMatchObject({
      ...{ agentId: 'agent-1', action: 'cancel run-that-never-was', environment: 'audited', targets: 2 },
      ...{ claimedKey: 'alice', verifiedKey: 'alice', filter: 'hostname=agent-1' },
    })
  })
})

describe('a command that attacks the audit log of its agent', () => {
  let home: string
  let attacked: AgentProcess
  beforeEach(async () => {
    await master.expire()
    home = mkdtempSync(join(tmpdir(), 'attacked-'))
    chmodSync(home, 0o711)
    attacked = await startAgent({ environment, directory: home, agentId: 'agent-7' })
  })
  afterEach(async () => {
    await attacked?.stop()
    rmSync(home, { recursive: true, force: true })
  })
  const attack = (command: string) =>
    master.send(
      { kind: 'shell', command: command.replaceAll('LOG', attacked.auditLog) },
      { targets: ['agent-7'] },
    )
  const text = () => readFileSync(attacked.auditLog, 'utf8')

  it.each([
    'rm LOG',
    ': > LOG',
    'rm LOG; : > LOG',
    'rm LOG; : > LOG; kill -HUP $PPID',
    ': > LOG; kill -HUP $PPID',
  ])('by "%s" is told when that is verified', async (command) => {
    expect(await verify()).toMatchObject({ exitCode: 0 })
    const runId = await attack(command)
    await master.result(runId)
    await until(() => text().includes(runId), 'its end to be audited', text)
    const { stdout, exitCode } = await verify()
    expect(stdout).toContain('earlier lines were cut off')
    expect(exitCode).toBe(1)
  })

  it('and kills the agent, and takes its memory along, is audited all the same', async () => {
    const runId = await attack(`kill -9 $PPID; rm -rf ${attacked.stateDirectory}`)
    await attacked.ended
    expect(text()).toContain(`"event":"received","runId":"${runId}"`)
  })

  it('and kills the agent, and cuts off its own line, is written there again when the agent starts', async () => {
    const runId = await attack('kill -9 $PPID; head -n 1 LOG > LOG.x; cat LOG.x > LOG; touch LOG.done')
    await attacked.ended
    await until(() => existsSync(`${attacked.auditLog}.done`), 'the attack to be over')
    expect(text()).not.toContain(runId)
    attacked = await startAgent({ environment, directory: home, agentId: 'agent-7' })
    expect(text()).toMatch(new RegExp(`"event":"received","runId":"${runId}".*"restored":2`))
    expect((await verify()).stdout).toContain('1 line was written again from the journal')
  })

  async function verify() {
    return ended(spawn(process.execPath, [agentProgram, 'audit', 'verify', attacked.auditLog]))
  }
})

describe('ec2-cmaster audit compare', () => {
  let compared: AgentProcess
  let home: string
  beforeAll(async () => {
    await master.expire()
    home = mkdtempSync(join(tmpdir(), 'compared-'))
    compared = await startAgent({ environment, directory: home, agentId: 'agent-9' })
    const sent = await cmaster(
      ...[
        '--env',
        'audited',
        '--endpoint',
        environment.endpoint ?? '',
        '--filter',
        'hostname=agent-9',
        '--yes',
      ],
      '--',
      'echo hello; exit 7',
    )
    expect(sent).toMatchObject({ exitCode: 7 })
    await until(() => text().includes('"event":"ended"'), 'the end to be audited', text)
  })
  afterAll(async () => {
    await compared?.stop()
    rmSync(home, { recursive: true, force: true })
  })
  const text = () => readFileSync(compared.auditLog, 'utf8')

  it('finds that a history and what an agent has audited agree', async () => {
    const { stdout, exitCode } = await cmaster('audit', 'compare', compared.auditLog)
    expect(stdout).toContain('Runs that are as the history recorded them: 1.')
    expect(stdout).toContain('of agents: 1. Everything agrees.')
    expect(exitCode).toBe(0)
  })

  it('lists a run that somebody else sent', async () => {
    const runId = await master.send({ kind: 'shell', command: 'id' }, { targets: ['agent-9'] })
    await master.result(runId)
    await until(() => text().split(runId).length === 3, 'its lines', text)
    const { stdout, exitCode } = await cmaster('audit', 'compare', compared.auditLog)
    expect(stdout).toMatch(
      new RegExp(`DIFFERS agent-9, run ${runId}: no history knows it: shell received, shell ended`),
    )
    expect(exitCode).toBe(1)
  })

  it('misses the lines that somebody has cut off, in a packed copy', async () => {
    const copy = join(home, 'audit.log.2.gz')
    writeFileSync(copy, gzipSync(`${text().split('\n')[0]}\n`))
    const { stdout, exitCode } = await cmaster('audit', 'compare', copy)
    expect(stdout).toMatch(/DIFFERS agent-9, run \S+: the history has its result \(exited 7\)/)
    expect(exitCode).toBe(1)
  })

  it('says which file cannot be read, and compares nothing', async () => {
    const { stderr, exitCode } = await cmaster('audit', 'compare', join(home, 'nothing.log'))
    expect(stderr).toMatch(/Cannot read .*nothing\.log/)
    expect(exitCode).toBe(2)
  })

  async function cmaster(...argv: string[]) {
    const { region, credentials } = environment
    const child = spawn(process.execPath, [cmasterProgram, ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...{ PATH: process.env.PATH, XDG_STATE_HOME: join(home, 'master'), AWS_REGION: region },
        ...{
          AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
          AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
        },
      },
    })
    return ended(child)
  }
})

async function ended(child: ChildProcessByStdio<Writable | null, Readable, Readable>) {
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
