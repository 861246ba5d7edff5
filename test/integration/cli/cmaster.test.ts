import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { History } from '../../../src/master/store/history.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { createMasters, type Masters } from '../../support/masters.ts'
import { startSshAgent } from '../../support/realSshAgent.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'

const program = fileURLToPath(new URL('../../../dist/ec2-cmaster.js', import.meta.url))

let sqs: SqsServer
let environment: Environment
let fleet: AgentFleet
let masters: Masters
let state: string

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('pipeline')
  fleet = await startAgents(environment, 4)
  masters = createMasters(sqs)
  await (await masters.open(environment)).discover(4)
  state = await masters.newDirectory()
})
afterAll(async () => {
  await masters?.close()
  await fleet?.stop()
  await sqs?.stop()
})

describe('ec2-cmaster', () => {
  it('prints identical replies once, and exits with 0', async () => {
    const { stdout, exitCode } = await cmaster('--everyone', '--', 'echo', 'hello')
    expect(stdout).toMatch(/^── agent-\[1-4\] \(4\) · succeeded\nhello\n\n4 of 4 expected agents replied in /)
    expect(exitCode).toBe(0)
  })

  it('prints one JSON document with every reply, and the requests that it took', async () => {
    const { stdout, exitCode } = await cmaster(
      '-w',
      'role=web',
      '--json',
      '-c',
      'echo $EC2_COLLECTIVE_AGENT_ID',
    )
    const document = JSON.parse(stdout)
    expect(document).toMatchObject({ environment: 'pipeline', filter: 'role=web', exitCode: 0 })
    expect(document.counts).toMatchObject({ succeeded: 2, failed: 0 })
    for (const { agentId, stdout: text } of document.agents) expect(text).toBe(`${agentId}\n`)
    const { requests, billed, byOperation } = document.requests
    expect(byOperation.SendMessage).toEqual({ requests: 1, billed: 1 })
    const sum = Object.values(byOperation as Record<string, { requests: number }>)
    expect(sum.reduce((total, each) => total + each.requests, 0)).toBe(requests)
    expect(billed).toBeGreaterThan(0)
    expect(requests).toBeLessThan(60)
    expect(exitCode).toBe(0)
  })

  it('exits with the last non-zero code of an agent, or with 1 where it is strict', async () => {
    const command = [
      '--everyone',
      '-q',
      '-c',
      'case $EC2_COLLECTIVE_AGENT_ID in agent-2) exit 7 ;; esac',
    ] as const
    expect((await cmaster(...command)).exitCode).toBe(7)
    expect((await cmaster('--strict', ...command)).exitCode).toBe(1)
    expect((await cmaster('--everyone', '-t', '0.5', '-c', 'sleep 60')).exitCode).toBe(124)
  })

  it('runs a script with its exact bytes, its interpreter and its parameters', async () => {
    const script = join(state, 'script.sh')
    await writeFile(script, '#!/bin/sh -e\nprintf "%s|" "$0" "$@" | sed "s|.*/||"\n')
    await chmod(script, 0o600)
    const { stdout, exitCode } = await cmaster(
      '-q',
      '-w',
      'role=db',
      '-c',
      `file://${script}`,
      '-p',
      'a b',
      '-p',
      '$x',
    )
    expect([stdout.trim().endsWith('a b|$x|'), exitCode]).toEqual([true, 0])
  })

  it('counts who would be hit, without hitting them', async () => {
    expect(await cmaster('-m', 'count', '--filter', 'role = web')).toMatchObject({
      stdout: '2 agents match role=web\nagent-[1,3]\n',
      exitCode: 0,
    })
    expect(await cmaster('-m', 'count', '-w', 'role=mail')).toMatchObject({ exitCode: 3 })
  })

  it('says when nobody matches, and that nothing was sent', async () => {
    const { stderr, exitCode } = await cmaster('-w', 'role=mail', '-c', 'true')
    expect(stderr).toBe(
      'ec2-cmaster: role=mail does not match any of the 4 agents of pipeline. Nothing was sent.\n',
    )
    expect(exitCode).toBe(3)
  })

  it.each([
    [['-c', 'true'], 2, /No target/],
    [['--filter', 'role = ', '-c', 'true'], 2, /Invalid filter: .*\^/s],
    [['--everyone', '-c', 'file:///not/there.sh'], 2, /Cannot read the script/],
    [['--everyone', '-e', 'nowhere', '-c', 'true'], 4, /Queue nowhere_facts does not exist/],
  ])('with %j exits with %i and a sentence', async (argv, code, sentence) => {
    const { stderr, stdout, exitCode } = await cmaster(...argv)
    expect(stderr).toMatch(sentence)
    expect([stdout, exitCode]).toEqual(['', code])
  })

  it('sends nothing to a protected environment without its name', async () => {
    const guarded = { EC2_COLLECTIVE_PROTECTED: 'production,pipeline' }
    const refused = await cmasterWith(guarded, '--everyone', '-c', 'echo hit')
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    expect(refused.stderr).toContain('pipeline is protected: add --confirm pipeline. Nothing was sent.')
    expect(
      (await cmasterWith(guarded, '--everyone', '--confirm', 'testing', '-c', 'echo hit')).exitCode,
    ).toBe(2)
    const sent = await cmasterWith(guarded, '--everyone', '--confirm', 'pipeline', '-q', '-c', 'echo hit')
    expect(sent).toMatchObject({ exitCode: 0, stdout: 'hit\n' })
  })

  it('signs for agents whose policy asks for it', async () => {
    const directory = await masters.newDirectory()
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const alice = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const policy = join(directory, 'policy.yaml')
    const sshAgent = await startSshAgent()
    const keys = { alice, kept: sshAgent.publicKey }
    await writeFile(policy, JSON.stringify({ keys, rules: [{ keys: ['alice', 'kept'] }] }), { mode: 0o600 })
    const file = join(directory, 'alice.pem')
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
    const signed = await sqs.environment('signed')
    const strict = await startAgents(signed, 1, { general: { policy } })
    try {
      await (await masters.open(signed)).discover(1)
      const command = ['-e', 'signed', '--everyone', '-c', 'echo hello']
      expect(await cmaster('--signing-key', `alice=${file}`, ...command)).toMatchObject({ exitCode: 0 })
      const variables = { EC2_COLLECTIVE_SIGNING_KEY: `alice=${file}` }
      expect(await cmasterWith(variables, ...command)).toMatchObject({ exitCode: 0 })
      const kept = `kept=ssh-agent:${sshAgent.fingerprint}`
      const agentVariables = { SSH_AUTH_SOCK: sshAgent.socket, EC2_COLLECTIVE_SIGNING_KEY: kept }
      const ofAgent = await cmasterWith(agentVariables, ...command)
      expect(ofAgent).toMatchObject({ exitCode: 0 })
      const gone = await cmasterWith({ ...agentVariables, SSH_AUTH_SOCK: '/nonexistent' }, ...command)
      expect(gone.stderr).toContain('The SSH agent at /nonexistent does not answer')
      expect([gone.stdout, gone.exitCode]).not.toEqual(['', 0])
      const unsigned = await cmaster(...command)
      expect(unsigned.stdout).toContain('this command is not signed')
      expect(unsigned.exitCode).toBe(126)
    } finally {
      await sshAgent.stop()
      await strict.stop()
    }
  })

  it('appends what it prints to a file, too', async () => {
    const file = join(state, 'run.log')
    const first = await cmaster('--everyone', '-q', '-l', file, '-c', 'echo one')
    const second = await cmaster('--everyone', '-q', '-l', file, '-c', 'echo two')
    expect(await readFile(file, 'utf8')).toBe(first.stdout + second.stdout)
  })

  it('does not complain when its reader has seen enough', async () => {
    const child = start({}, '--everyone', '-c', 'seq 1 100000')
    child.stdout.destroy()
    let stderr = ''
    child.stderr.on('data', (bytes) => {
      stderr += bytes
    })
    const [exitCode] = await once(child, 'close')
    expect([exitCode, stderr]).toEqual([141, 'Targets (4 of 4 agents): agent-[1-4]\n'])
    // It has given back what it held: its run, and the place of its master.
    const history = await History.open(join(state, 'ec2-collective', 'history'))
    const [{ runId = '' } = {}] = await history.list()
    expect(await history.isInUse(runId)).toBe(false)
    const masters = await readdir(join(state, 'ec2-collective', 'masters'), { recursive: true })
    expect(masters.filter((name) => name.includes('lock'))).toEqual([])
  })

  it('works with the shared reply queue where that is wanted', async () => {
    expect(await cmaster('--everyone', '--shared-replies', '-q', '-c', 'echo shared')).toMatchObject({
      stdout: 'shared\n',
      exitCode: 0,
    })
  })

  it('leaves no queue behind where it cannot remember its own', async () => {
    const before = await queues()
    const nowhere = { XDG_STATE_HOME: '/dev/null/nowhere' }
    expect(await cmasterWith(nowhere, '--everyone', '-q', '-c', 'echo fine')).toMatchObject({
      stdout: 'fine\n',
    })
    expect(await queues()).toEqual(before)
  })
})

async function queues(): Promise<string[]> {
  return (await sqs.connect().listQueues('pipeline')).toSorted()
}

function cmaster(...argv: string[]) {
  return cmasterWith({}, ...argv)
}

async function cmasterWith(variables: NodeJS.ProcessEnv, ...argv: string[]) {
  const child = start(variables, ...argv)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (bytes) => {
    stdout += bytes
  })
  child.stderr.on('data', (bytes) => {
    stderr += bytes
  })
  const [exitCode] = await once(child, 'close')
  return { stdout, stderr, exitCode: exitCode as number }
}

function start(variables: NodeJS.ProcessEnv, ...argv: string[]) {
  const { name, endpoint = '', region, credentials } = environment
  return spawn(process.execPath, [program, '--env', name, '--endpoint', endpoint, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      XDG_STATE_HOME: state,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
      ...variables,
    },
  })
}
