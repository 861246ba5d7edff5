import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { History } from '../../../src/master/store/history.ts'
import { claimMasterId } from '../../../src/master/store/masterId.ts'
import { everyone } from '../../../src/protocol/filter/writtenFilter.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { type AgentSettings, startAgent } from '../../support/agentProcess.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { startCommander } from '../../support/commander.ts'
import { outputOf, startRun } from '../../support/masters.ts'
import { stagePartners } from '../../support/partnerStage.ts'
import { endOf, placesIn, startMasterProgram } from '../../support/partners.ts'
import { until } from '../../support/until.ts'

const stage = stagePartners()

describe('the history of the master of 5fa5438', () => {
  let environment: Environment
  let fleet: AgentFleet
  let state: string

  beforeAll(async () => {
    environment = await stage.sqs.environment('history')
    fleet = await startAgents(environment, 3)
    await (await stage.masters.open(environment)).discover(3)
    state = await stage.masters.newDirectory()
  })
  afterAll(() => fleet?.stop())

  const start = (...argv: readonly string[]) =>
    startMasterProgram({ program: stage.partner.master, environment, state, argv })

  it('is listed and read: verdicts, exit codes, outputs', async () => {
    await endOf(start('--everyone', '-c', 'echo "$EC2_COLLECTIVE_AGENT_ID"; echo twice >&2; exit 7'))
    await endOf(start('--everyone', '-t', '0.3', '-c', 'sleep 60'))
    await endOf(start('--filter', 'role=web', '--canary', '1', '-c', 'exit 1'))
    const history = await History.open(placesIn(state).runs)
    const [rollout, slow, plain, ...others] = await history.list()
    expect(others).toEqual([])
    expect([rollout?.phase, rollout?.counts]).toMatchObject(['over', { failed: 1, 'not-started': 1 }])
    expect([slow?.phase, slow?.counts]).toMatchObject(['over', { 'timed-out': 3 }])
    const run = await history.load(plain?.runId ?? '')
    expect(run.state.counts.failed).toBe(3)
    for (const { agentId, outcome, output } of run.state.replies.values()) {
      expect([outcome, output]).toEqual([{ kind: 'exited', code: 7 }, 'complete'])
      const chunks = await run.record.output.read(agentId)
      const text = chunks.map(({ bytes }) => Buffer.from(bytes).toString()).join('')
      expect(text.split('\n').toSorted()).toEqual(['', agentId, 'twice'])
    }
  })

  it('is resumed where its master was killed, and loses nothing', async () => {
    const gate = join(state, 'gate')
    const child = start(
      '--everyone',
      '-c',
      `echo before; while [ ! -e ${gate} ]; do sleep 0.1; done; echo after`,
    )
    const history = await History.open(placesIn(state).runs)
    const underWay = async () => {
      const [latest] = await history.list()
      if (latest?.phase !== 'running') return undefined
      const { replies } = (await history.load(latest.runId)).state
      return [...replies.values()].every(({ stdoutBytes }) => stdoutBytes === 7) && replies.size === 3
        ? latest.runId
        : undefined
    }
    await until(async () => (await underWay()) !== undefined, 'the first line of each agent to be on disk')
    const runId = await underWay()
    child.kill('SIGKILL')
    await once(child, 'exit')
    const masterId = await claimMasterId(placesIn(state).ids)
    const { master } = await stage.masters.open(environment, { masterId: masterId.id, history })
    // The server still answers the long poll of the dead process: with something that nobody misses.
    await stage.sqs.connect().send(`${environment.name}_${masterId.id}_agent`, 'for the dead')
    const [run] = await master.resume()
    expect(run?.runId).toBe(runId)
    await writeFile(gate, '')
    if (run === undefined) throw new Error('no run')
    expect((await run.ended).counts.succeeded).toBe(3)
    for (const agentId of fleet.agentIds) expect(await outputOf(run, agentId)).toBe('before\nafter\n')
    await master.close()
    await masterId.release()
  })

  it('is shared with the new one: neither uses the other’s reply queue, nor loses its runs', async () => {
    const history = await History.open(placesIn(state).runs)
    const before = (await history.list()).map(({ runId }) => runId)
    const masterId = await claimMasterId(placesIn(state).ids)
    const { master } = await stage.masters.open(environment, { masterId: masterId.id, history })
    await master.refresh()
    const gate = join(state, 'second-gate')
    const command = `while [ ! -e ${gate} ]; do sleep 0.1; done; echo through`
    const run = await startRun(master, {
      filter: everyone,
      timeoutMs: 60_000,
      action: { kind: 'shell', command },
    })
    await until(() => run.state.counts.running === 3, 'all agents to be at it')
    const { stdout, exitCode } = await endOf(start('--everyone', '-q', '-c', 'echo meanwhile'))
    expect([stdout, exitCode]).toEqual(['meanwhile\n', 0])
    await writeFile(gate, '')
    expect((await run.ended).counts.succeeded).toBe(3)
    await run.flush()
    const after = await history.list()
    expect(after.map(({ phase }) => phase)).toEqual(after.map(() => 'over'))
    expect(after.length).toBe(before.length + 2)
    expect(after.map(({ runId }) => runId)).toEqual(expect.arrayContaining([...before, run.runId]))
    await master.close()
    await masterId.release()
  })
})

describe('the state directory of an agent of 5fa5438', () => {
  let environment: Environment
  let settings: AgentSettings

  beforeAll(async () => {
    environment = await stage.sqs.environment('state')
    settings = { environment, directory: await stage.masters.newDirectory() }
  })

  it('is that of the agent which replaces it: nothing is executed again, and what was said is said again', async () => {
    const commander = startCommander(stage.sqs.connect(), environment)
    const effects = join(settings.directory, 'effects')
    const action = { kind: 'shell', command: `echo once | tee -a ${effects}` } as const
    const issuedAt = Date.now()
    const old = await startAgent({ ...settings, command: stage.partner.agent })
    const runId = await commander.send(action, { issuedAt })
    await commander.result(runId)
    await old.stop()
    await commander.expire()
    const heard = commander.heard(runId).length
    const replaced = await startAgent(settings)
    await commander.send(action, { runId, issuedAt })
    await until(() => commander.heard(runId).length > heard, 'the result to be told again')
    expect(commander.heard(runId).at(-1)?.message).toMatchObject({ type: 'result', outcome: { code: 0 } })
    await replaced.stop()
    // The other way round: who goes back to the version before has the same memory.
    await commander.expire()
    const again = commander.heard(runId).length
    const back = await startAgent({ ...settings, command: stage.partner.agent })
    await commander.send(action, { runId, issuedAt })
    await until(() => commander.heard(runId).length > again, 'the result to be told again')
    await back.stop()
    expect(await readFile(effects, 'utf8')).toBe('once\n')
    await commander.stop()
  })

  it('is never used by both at a time', async () => {
    const old = await startAgent({ ...settings, command: stage.partner.agent })
    await expect(startAgent(settings)).rejects.toThrow(/Another agent/)
    await old.stop()
    const fresh = await startAgent(settings)
    await expect(startAgent({ ...settings, command: stage.partner.agent })).rejects.toThrow(/Another agent/)
    await fresh.stop()
  })

  it('leads to the answer that the old one, which was killed, did not give', async () => {
    const commander = startCommander(stage.sqs.connect(), environment)
    const old = await startAgent({ ...settings, command: stage.partner.agent })
    const runId = await commander.send({ kind: 'shell', command: 'echo begun; sleep 300' })
    await commander.wait(runId, 'output')
    await old.kill()
    const fresh = await startAgent(settings)
    const { result, stdout } = await commander.result(runId)
    expect([result.outcome, stdout]).toEqual([{ kind: 'interrupted' }, 'begun\n'])
    await fresh.stop()
    await commander.stop()
  })
})
