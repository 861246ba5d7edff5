import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OpenRuns } from '../../../src/master/engine/openRuns.ts'
import { Run } from '../../../src/master/engine/run.ts'
import { RunResumption } from '../../../src/master/runResumption.ts'
import { History } from '../../../src/master/store/history.ts'
import { defaultQueues } from '../../../src/queues/environment.ts'
import { planSteps } from '../../../src/run/rollout.ts'
import { startRunState } from '../../../src/run/runState.ts'
import { answer, nextTurn, runId } from '../../support/playedRun.ts'
import { createWorld, type PlayedWorld } from '../../support/playedTransport.ts'
import { until } from '../../support/until.ts'

let directory: string
let history: History
let world: PlayedWorld
const opened: OpenRuns[] = []

/** When the window of the first master was closed, by the clock of the run. */
const closedAt = 1_000_000

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'resumption-'))
  history = await History.open(directory)
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((runs) => runs.close()))
  await rm(directory, { recursive: true, force: true })
})

/** A run to `a`, then `b`, whose master has left it in the middle of its first step. */
async function leave(rollout = { batch: { count: 1 } }): Promise<void> {
  const request = { filter: '*', action: { kind: 'ping' as const }, timeoutMs: 60_000, rollout }
  const issuer = { name: 'ada', host: 'laptop' }
  const start = { runId, environment: 'testing', request, issuer, startedAt: closedAt - 60_000 }
  const first = { ...createWorld(), now: () => closedAt }
  const run = new Run(startRunState(start), await history.create(start), first)
  await run.begin(
    ['a', 'b'].map((agentId) => ({ agentId, hostname: agentId })),
    planSteps(['a', 'b'], rollout),
  )
  await run.close()
}

/** The next master, so long after the first one. */
function masterAfter(awayMs: number, isProtected = false): RunResumption {
  world = createWorld()
  world.time = closedAt + awayMs
  const runs = new OpenRuns({ onSleep: () => {}, onTick: () => {}, onWarning: (_, error) => fail(error) })
  opened.push(runs)
  return new RunResumption({
    environment: {
      ...{ name: 'testing', region: 'eu-west-1', protected: isProtected },
      queues: defaultQueues('testing'),
    },
    ...{ history, runs, now: () => closedAt + awayMs, transport: () => world },
    replyConsumer: { open: async () => 'own', catchUp: async () => {} },
    onWarning: (warning) => fail(warning),
  })
}

function fail(what: unknown): never {
  throw what
}

async function taken(run: Run | string): Promise<Run> {
  if (typeof run === 'string') throw new Error(`the run is ${run}`)
  // The step is over: the next one would start now.
  answer(run, 'a', '')
  await nextTurn()
  await run.tick()
  return run
}

const published = () => world.said.filter((what) => what.startsWith('publish'))

describe('A rollout that a later master resumes', () => {
  it('goes on by itself within 10 seconds, as after the reload of a window', async () => {
    await leave()
    const run = await taken(await masterAfter(10_000).resume(runId))
    await until(() => published().length > 0, 'the next step')
    expect([published(), run.state.phase]).toEqual([['publish to b'], 'running'])
  })

  it.each([
    [
      'after more than 10 seconds',
      10_001,
      false,
      'it was resumed more than 10 seconds after the window was closed',
    ],
    [
      'when the clock was set back',
      -60_000,
      false,
      'it was resumed more than 10 seconds after the window was closed',
    ],
    ['at once in a protected environment', 0, true, 'it was resumed, and the environment is protected'],
  ])('is paused %s', async (_, awayMs, isProtected, pauseReason) => {
    await leave()
    const run = await taken(await masterAfter(awayMs, isProtected).resume(runId))
    expect([published(), run.state]).toMatchObject([[], { phase: 'paused', pauseReason }])
    run.resume()
    await until(() => published().length > 0, 'the next step')
  })

  it.each([0, 60_000])('is never let go on by a reply, %i ms after its window was closed', async (awayMs) => {
    await leave()
    const resumption = masterAfter(awayMs)
    const run = await taken(await resumption.runOf(runId))
    expect([published(), run.state.phase]).toEqual([[], 'paused'])
    await resumption.runOf(runId)
    expect([published(), run.state.phase]).toEqual([[], 'paused'])
  })

  it('goes on when a reply comes before the window that is reloaded asks for it', async () => {
    await leave()
    const resumption = masterAfter(2_000)
    await taken(await resumption.runOf(runId))
    expect(resumption.isByReply(runId)).toBe(true)
    await resumption.resume(runId)
    await until(() => published().length > 0, 'the next step')
    expect(resumption.isByReply(runId)).toBe(false)
  })

  it('is paused, however soon, when it is resumed to be shown to a person first', async () => {
    await leave()
    const run = await taken(await masterAfter(0).resumePaused(runId))
    expect([published(), run.state.phase]).toEqual([[], 'paused'])
  })

  it('stays paused when a person has paused it', async () => {
    await leave()
    const first = masterAfter(0)
    const paused = await first.resume(runId)
    if (typeof paused === 'string') throw new Error(paused)
    paused.pause()
    await paused.close()
    const run = await taken(await masterAfter(1_000).resume(runId))
    expect([published(), run.state.phase, run.state.pauseReason]).toEqual([[], 'paused', undefined])
  })

  it('is not paused when it has no further step', async () => {
    await leave({ batch: { count: 2 } })
    const run = await masterAfter(60_000, true).resume(runId)
    expect(typeof run === 'string' ? run : run.state.phase).toBe('running')
  })
})
