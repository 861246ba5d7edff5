import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { verifyChain } from '../../../src/chain/hashChain.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { type AgentProcess, startAgent } from '../../support/agentProcess.ts'
import { type Commander, startCommander } from '../../support/commander.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

let sqs: SqsServer
let environment: Environment
let master: Commander
let agent: AgentProcess
let directory: string

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('testing')
  master = startCommander(sqs.connect(), environment)
  directory = mkdtempSync(join(tmpdir(), 'agent-'))
  // Scripts of other users lie beneath it.
  chmodSync(directory, 0o711)
  agent = await startAgent({ environment, directory, general: { max_parallel: 2 } })
})

afterAll(async () => {
  await agent.stop()
  await master.stop()
  await sqs.stop()
  rmSync(directory, { recursive: true, force: true })
})

afterEach(() => master.expire())

/** Only root can execute as somebody else. */
const asRoot = it.runIf(process.getuid?.() === 0)
const shell = (command: string) => ({ kind: 'shell', command }) as const
const script = (content: string | Uint8Array, more: object = {}) => ({
  kind: 'script' as const,
  name: 'work',
  content: Buffer.from(content).toString('base64'),
  args: [] as string[],
  ...more,
})

describe('a shell command', () => {
  it('is answered by one message when it ends at once', async () => {
    const runId = await master.send(shell('echo out; echo err >&2; exit 3'))
    const { result, stdout, stderr } = await master.result(runId)
    expect(result.outcome).toEqual({ kind: 'exited', code: 3 })
    expect([stdout, stderr]).toEqual(['out\n', 'err\n'])
    // What takes longer than half a second, on a busy machine, is acknowledged first.
    await until(async () => {
      const again = await master.send(shell('true'))
      await master.result(again)
      return master.heard(again).length === 1
    }, 'a command that is answered by its result alone')
  })

  it('is acknowledged and streams its output while it lasts', async () => {
    const flag = join(directory, 'go-on')
    const runId = await master.send(
      shell(`echo first; until test -e ${flag}; do sleep 0.05; done; echo second`),
    )
    expect(await master.wait(runId, 'ack')).toMatchObject({ state: 'started' })
    expect(await master.wait(runId, 'output')).toMatchObject({ frame: 0, segments: [[1, 6]] })
    expect(master.heard(runId).some(({ message }) => message.type === 'result')).toBe(false)
    await master.send(shell(`touch ${flag}`))
    const { stdout } = await master.result(runId)
    expect(stdout).toBe('first\nsecond\n')
  })

  it('finds its standard input closed', async () => {
    const { result, stdout } = await master.result(await master.send(shell('cat; echo read nothing')))
    expect(result.outcome).toEqual({ kind: 'exited', code: 0 })
    expect(stdout).toBe('read nothing\n')
  })

  it('gives back bytes exactly as they were', async () => {
    const { chunks } = await master.result(await master.send(shell(`printf '\\000\\377\\033[1m\\r\\n\\302'`)))
    expect(Buffer.concat(chunks.map(({ bytes }) => bytes)).toString('hex')).toBe('00ff1b5b316d0d0ac2')
  })

  it('keeps the order of stdout and stderr when they alternate', async () => {
    // Each piece is written when the one before has been heard.
    const heard = join(directory, 'heard')
    const wait = (piece: string) => `until test -e ${heard}-${piece}; do sleep 0.05; done`
    const runId = await master.send(
      shell(`for i in 1 2 3; do echo o$i; ${wait('o$i')}; echo e$i >&2; ${wait('e$i')}; done`),
    )
    for (const [index, piece] of ['o1', 'e1', 'o2', 'e2', 'o3', 'e3'].entries()) {
      const pieces = () => master.heard(runId).filter(({ message }) => message.type === 'output').length
      await until(() => pieces() > index, piece)
      await writeFile(`${heard}-${piece}`, '')
    }
    const { chunks } = await master.result(runId)
    const told = chunks.map(({ stream, bytes }) => `${stream}:${Buffer.from(bytes).toString().trim()}`)
    expect(told).toEqual(['1:o1', '2:e1', '1:o2', '2:e2', '1:o3', '2:e3'])
  })

  it('tells the signal that ended it', async () => {
    const { result } = await master.result(await master.send(shell('kill -SEGV $$')))
    expect(result.outcome).toEqual({ kind: 'signalled', signal: 'SIGSEGV' })
  })

  asRoot('runs where, as whom and with what it is asked to', async () => {
    const { stdout } = await master.result(
      await master.send({
        ...shell('pwd; id -un; id -Gn; echo "$GREETING"; echo "$HOME"; env | grep -c ^AWS_'),
        directory: '/usr',
        user: 'nobody',
        environment: { GREETING: 'it’s "me" $(id)' },
      }),
    )
    expect(stdout).toBe('/usr\nnobody\nnogroup\nit’s "me" $(id)\n/nonexistent\n0\n')
  })

  it.each([
    ['user', { user: 'no-such-user' }, 'the user no-such-user does not exist'],
    ['directory', { directory: '/no/such/place' }, 'the directory /no/such/place does not exist'],
  ])('is not executed for a %s that does not exist', async (_, more, reason) => {
    const { result } = await master.result(await master.send({ ...shell('id'), ...more }))
    expect(result.outcome).toEqual({ kind: 'not-executed', reason })
  })

  it('is told by its environment where it runs', async () => {
    const runId = await master.send(
      shell('echo $EC2_COLLECTIVE_ENVIRONMENT $EC2_COLLECTIVE_AGENT_ID $EC2_COLLECTIVE_RUN_ID'),
    )
    expect((await master.result(runId)).stdout).toBe(`testing agent-1 ${runId}\n`)
  })
})

describe('a script', () => {
  it('is run by its #! line with arguments as they are', async () => {
    const content = '#!/usr/bin/env python3\nimport sys\nprint(sys.argv[1:])\n'
    const runId = await master.send(script(content, { args: ['a b', '$HOME', "it's", ''] }))
    expect((await master.result(runId)).stdout).toBe(`['a b', '$HOME', "it's", '']\n`)
  })

  it('is run by the interpreter that is asked for', async () => {
    const runId = await master.send(script('print(6 * 7)', { interpreter: 'python3 -u' }))
    expect((await master.result(runId)).stdout).toBe('42\n')
  })

  it("is run by the agent's shell when it names nothing", async () => {
    expect((await master.result(await master.send(script('echo $0')))).stdout).toMatch(/^\/.*\/work\n$/)
  })

  asRoot('is readable for its user only, and gone afterwards', async () => {
    const runId = await master.send(script('stat -c "%A %U" "$0" "$(dirname "$0")"', { user: 'nobody' }))
    expect((await master.result(runId)).stdout).toBe('-r-x------ nobody\ndrwx--x--x root\n')
    await until(
      async () => (await readdir(join(agent.stateDirectory, 'scripts'))).length === 0,
      'the script to go',
    )
  })

  it('may be written in any bytes', async () => {
    const content = Buffer.concat([Buffer.from('#!/bin/cat\n'), Buffer.from([0, 255, 27, 10])])
    const { chunks } = await master.result(await master.send(script(content)))
    expect(Buffer.concat(chunks.map(({ bytes }) => bytes)).equals(content)).toBe(true)
  })

  it('is not executed by an interpreter that is not there', async () => {
    const { result } = await master.result(await master.send(script('x', { interpreter: '/opt/none' })))
    expect(result.outcome).toEqual({ kind: 'not-executed', reason: '/opt/none does not exist' })
  })
})

describe('output beyond the limit', () => {
  it('keeps head and tail and counts what lies between, by stream', async () => {
    const runId = await master.send(shell('seq 1 200000; sleep 3; echo last words >&2'), {
      outputLimitBytes: 20_000,
    })
    const { result, stdout, stderr } = await master.result(runId)
    const all = Array.from({ length: 200_000 }, (_, index) => `${index + 1}\n`).join('')
    expect(result.stdout.bytes + result.stderr.bytes).toBe(20_000)
    expect(result.stdout.droppedBytes).toBe(all.length - result.stdout.bytes)
    expect(result.stdout.droppedAt).toBe(10_000)
    expect(stdout.slice(0, 10_000)).toBe(all.slice(0, 10_000))
    expect(all.endsWith(stdout.slice(10_000))).toBe(true)
    expect([stderr, result.stderr.droppedBytes]).toEqual(['last words\n', 0])
  })

  it('loses nothing when it is just below', async () => {
    const runId = await master.send(shell('seq 1 3000'), { outputLimitBytes: 13_893 })
    const { result, stdout } = await master.result(runId)
    expect([result.stdout.bytes, result.stdout.droppedBytes]).toEqual([13_893, 0])
    expect(stdout.endsWith('2999\n3000\n')).toBe(true)
  })

  it('is not sent at all with a limit of nothing', async () => {
    const { result } = await master.result(await master.send(shell('seq 1 1000'), { outputLimitBytes: 0 }))
    expect(result.stdout).toMatchObject({ bytes: 0, droppedBytes: 3893, droppedAt: 0 })
  })

  it('is bounded by the agent’s own limit and arrives complete, in many frames', async () => {
    const command = shell('head -c 12000000 /dev/urandom | base64 -w0')
    const { result, stdout } = await master.result(await master.send(command))
    expect(stdout.length).toBe(10 * 1024 * 1024)
    expect(result.stdout.droppedBytes).toBe(16_000_000 - stdout.length)
    expect(result.frames).toBeGreaterThan(100)
  })
})

describe('a command that does not end', () => {
  it('is stopped after its timeout with everything that it started', async () => {
    const mark = `mark-${process.pid}-stubborn`
    const stubborn = `trap '' TERM; sleep 300; : ${mark}`
    const runId = await master.send(shell(`sh -c "${stubborn}" & sleep 300`), { timeoutMs: 5_000 })
    await until(async () => (await commandLinesWith(mark)).length === 2, 'both processes to be there')
    expect((await master.result(runId)).result.outcome).toEqual({ kind: 'timed-out' })
    await until(async () => (await commandLinesWith(mark)).length === 0, 'both to be gone')
  })

  it('has a chance to say farewell at TERM', async () => {
    const runId = await master.send(shell('trap "echo bye; exit 7" TERM; echo hi; sleep 300 & wait'), {
      timeoutMs: 3_000,
    })
    const { result, stdout } = await master.result(runId)
    expect(result.outcome).toEqual({ kind: 'timed-out' })
    expect(stdout).toBe('hi\nbye\n')
  })

  it('does not escape by a session of its own', async () => {
    const mark = `mark-${process.pid}-setsid`
    const runId = await master.send(shell(`setsid sh -c 'sleep 300; : ${mark}' & sleep 300`))
    await until(async () => (await commandLinesWith(mark)).length === 2, 'both processes to be there')
    await master.send({ kind: 'cancel', runId })
    await master.result(runId)
    expect(await commandLinesWith(mark)).toEqual([])
  })

  it('is cancelled by a cancel of its run', async () => {
    const runId = await master.send(shell('echo begun; sleep 300'))
    await master.wait(runId, 'output')
    await master.send({ kind: 'cancel', runId })
    const { result, stdout } = await master.result(runId)
    expect(result.outcome).toEqual({ kind: 'cancelled', started: true })
    expect(stdout).toBe('begun\n')
  })
})

describe('a cancel that comes first', () => {
  it('keeps the run from ever starting', async () => {
    const runId = 'run-cancelled-before'
    await master.send({ kind: 'cancel', runId, issuedAt: Date.now() })
    expect((await master.result(runId)).result.outcome).toEqual({ kind: 'cancelled', started: false })
    const flag = join(directory, 'must-not-exist')
    await master.send(shell(`touch ${flag}`), { runId })
    await master.result(await master.send({ kind: 'ping' }))
    expect(await readdir(directory)).not.toContain('must-not-exist')
  })

  it('does so without a result where it does not say when the run was issued: it may have been executed before', async () => {
    const runId = 'run-of-unknown-age'
    const flag = join(directory, 'must-not-exist-either')
    await master.send({ kind: 'cancel', runId })
    await master.send(shell(`touch ${flag}`), { runId })
    await master.result(await master.send({ kind: 'ping' }))
    expect(master.heard(runId)).toEqual([])
    expect(await readdir(directory)).not.toContain('must-not-exist-either')
  })

  it('is of no effect where it does not select', async () => {
    const runId = 'run-cancelled-elsewhere'
    await master.send({ kind: 'cancel', runId }, { filter: 'hostname=another' })
    const { result } = await master.result(await master.send(shell('true'), { runId }))
    expect(result.outcome).toEqual({ kind: 'exited', code: 0 })
  })
})

describe('a command that leaves a process behind', () => {
  it('is answered after its own end, not after the end of what it left', async () => {
    const runId = await master.send(shell('echo served; (sleep 60; echo late) & exit 4'))
    const { result, stdout } = await master.result(runId)
    expect(result.outcome).toEqual({ kind: 'exited', code: 4 })
    expect(stdout).toBe('served\n')
    expect(result.durationMs).toBeLessThan(60_000)
  })

  it('does not take the daemon down with its pipe', async () => {
    const file = join(directory, 'daemon')
    await master.result(
      await master.send(shell(`(for i in 1 2 3 4 5 6; do sleep 0.1; echo $i; done; touch ${file}) &`)),
    )
    await until(async () => (await readdir(directory)).includes('daemon'), 'the daemon to finish its work')
  })
})

describe('more runs than max_parallel', () => {
  it('wait for their turn, are acknowledged as queued, and can be cancelled there', async () => {
    const flag = join(directory, 'turn')
    const hold = shell(`until test -e ${flag}; do sleep 0.05; done; echo done`)
    const holding = [await master.send(hold), await master.send(hold)]
    for (const runId of holding) expect(await master.wait(runId, 'ack')).toMatchObject({ state: 'started' })
    const queued = await master.send(shell('echo mine'))
    const unwanted = await master.send(shell('echo never'))
    expect(await master.wait(queued, 'ack')).toMatchObject({ state: 'queued' })
    expect(await master.wait(unwanted, 'ack')).toMatchObject({ state: 'queued' })
    await master.send({ kind: 'cancel', runId: unwanted })
    expect((await master.result(unwanted)).result.outcome).toEqual({ kind: 'cancelled', started: false })
    await writeFile(flag, '')
    for (const runId of holding) expect((await master.result(runId)).stdout).toBe('done\n')
    expect((await master.result(queued)).stdout).toBe('mine\n')
  })
})

describe('the audit log', () => {
  const linesOf = async (runId: string) =>
    (await readFile(agent.auditLog, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter((entry) => entry.runId === runId)

  it('says before and after a command who, what and how it ended', async () => {
    const runId = await master.send(shell('echo secret; exit 9'))
    await master.result(runId)
    const [received, ended] = await linesOf(runId)
    expect(received).toMatchObject({
      event: 'received',
      senderId: await master.senderId(),
      issuer: 'tester@desk',
      action: 'shell',
      filter: expect.any(String),
    })
    expect(received.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(ended).toMatchObject({ event: 'ended', verdict: 'failed', exitCode: 9 })
    expect(JSON.stringify([received, ended])).not.toContain('secret')
  })

  it('has the line of a command that ends its agent', async () => {
    const runId = await master.send(shell('grep -c received /dev/null; sleep 30'))
    await until(async () => (await linesOf(runId)).length === 1, 'the line before its end')
    await master.send({ kind: 'cancel', runId })
    await master.result(runId)
    expect(verifyChain(await readFile(agent.auditLog, 'utf8')).problems).toEqual([])
  })
})

async function commandLinesWith(mark: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return lines.filter((line) => line.includes(mark))
}
