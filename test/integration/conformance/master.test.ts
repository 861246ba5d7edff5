import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { printPublicKey } from '../../../src/signing/publicKey.ts'
import { Master, type Run, type RunOptions } from '../../conformance/master.ts'
import { type AgentProcess, startAgent } from '../../support/agentProcess.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

const environmentName = 'conforming'
const keys = generateKeyPairSync('ed25519')
const directory = mkdtempSync(join(tmpdir(), 'conformance-'))
const agents: AgentProcess[] = []
let sqs: SqsServer
let master: Master
let signing: Master

beforeAll(async () => {
  sqs = await startSqs()
  const environment = await sqs.environment(environmentName)
  const policy = join(directory, 'policy.yaml')
  const key = printPublicKey(keys.publicKey)
  writeFileSync(policy, `keys:\n  deploy: ${key}\nrules:\n  - keys: [deploy]\n`, { mode: 0o600 })
  for (const [agentId, general] of [
    ['plain-1', {}],
    ['plain-2', {}],
    ['strict-1', { policy }],
  ] as const)
    agents.push(await startAgent({ environment, agentId, general, directory: join(directory, agentId) }))
  const { endpoint } = sqs
  master = new Master({ endpoint, environment: environmentName, masterId: 'other-1' })
  const signingKey = { name: 'deploy', privateKey: keys.privateKey }
  signing = new Master({ endpoint, environment: environmentName, masterId: 'other-2', signingKey })
  await Promise.all([master.open(), signing.open()])
})
afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.stop()))
  await sqs?.stop()
  rmSync(directory, { recursive: true, force: true })
})

const plain = ['plain-1', 'plain-2']
const shell = (command: string) => ({ kind: 'shell', command })

async function ended(
  by: Master,
  action: object,
  targets: readonly string[],
  options?: RunOptions,
): Promise<Run> {
  const run = await by.start(action, targets, options)
  await run.ended
  return run
}

const verdictsOf = ({ agents }: Run) => [...agents.values()].map(({ verdict }) => verdict)

describe('our agents, with a master by docs/messages.md and other code than ours', () => {
  it('are found by their facts', async () => {
    await until(async () => (await master.findAgents()).size === 3, 'three agents')
    const found = await master.findAgents()
    expect([...found.keys()].toSorted()).toEqual([...plain, 'strict-1'])
    expect(found.get('plain-1')).toMatchObject({ facts: { agent: { policy: { state: 'open' } } } })
  })

  it.each([false, true])('execute a command that names them, by a set: %s', async (asSet) => {
    const run = await ended(master, shell('echo $EC2_COLLECTIVE_AGENT_ID; echo err >&2'), plain, { asSet })
    expect(verdictsOf(run)).toEqual(['succeeded', 'succeeded'])
    for (const [agentId, { output }] of run.agents) {
      expect(output.isComplete).toBe(true)
      expect(output.of(1).toString()).toBe(`${agentId}\n`)
      expect(output.of(2).toString()).toBe('err\n')
    }
  })

  it('send 3 MB that are complete by their digests', async () => {
    const run = await ended(master, shell('head -c 3000000 /dev/urandom'), ['plain-1'])
    const output = run.agents.get('plain-1')?.output
    expect(output?.isComplete).toBe(true)
    expect(output?.of(1)).toHaveLength(3_000_000)
  })

  it('say how a script, a ping and a timeout ended', async () => {
    const content = Buffer.from('exit 7\n').toString('base64')
    const script = await ended(master, { kind: 'script', name: 'seven', content, args: [] }, ['plain-1'])
    expect(verdictsOf(script)).toEqual(['failed'])
    expect(verdictsOf(await ended(master, { kind: 'ping' }, plain))).toEqual(['succeeded', 'succeeded'])
    expect(verdictsOf(await ended(master, shell('sleep 60'), ['plain-2'], { timeoutMs: 500 }))).toEqual([
      'timed out',
    ])
  })

  it('stop when they are told', async () => {
    const run = await master.start(shell('sleep 60'), plain)
    await until(
      () => [...run.agents.values()].every(({ startedAt }) => startedAt !== undefined),
      'both to have acknowledged',
    )
    await run.cancel()
    await run.ended
    expect(verdictsOf(run)).toEqual(['cancelled', 'cancelled'])
  })

  it('refuse by code and name: a signature that is missing, a filter, a field', async () => {
    const reasonOf = async (action: object, target: string, options?: RunOptions) =>
      (await ended(master, action, [target], options)).agents.get(target)?.reason
    expect(await reasonOf(shell('true'), 'strict-1')).toMatch(/^signature: /)
    expect(await reasonOf(shell('true'), 'plain-1', { filter: 'role=nothing' })).toMatch(/^filter: /)
    expect(await reasonOf({ kind: 'script', content: '', args: [] }, 'plain-1')).toMatch(
      /^unsupported: .*\bname\b/,
    )
  })

  it('execute what is signed, also with a set', async () => {
    expect(verdictsOf(await ended(signing, shell('true'), ['strict-1']))).toEqual(['succeeded'])
    expect(verdictsOf(await ended(signing, shell('true'), ['strict-1'], { asSet: true }))).toEqual([
      'succeeded',
    ])
  })

  it('are told apart from one that is not there, and the command is taken away', async () => {
    const run = await ended(master, shell('echo once'), ['plain-1', 'nobody-1'])
    expect(verdictsOf(run)).toEqual(['succeeded', 'no reply'])
    expect((await sqs.connect().attributes(`${environmentName}_master`)).visible).toBe(0)
  })
})
