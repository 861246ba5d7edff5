import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect } from 'vitest'
import { Run } from '../../src/master/engine/run.ts'
import { History } from '../../src/master/store/history.ts'
import type { ReplyMessage } from '../../src/protocol/messages.ts'
import { planSteps } from '../../src/run/rollout.ts'
import type { Rollout, RunRequest, Unseen } from '../../src/run/runRequest.ts'
import { startRunState } from '../../src/run/runState.ts'
import type { Localizable } from '../../src/text/localizable.ts'
import { createWorld, type PlayedWorld } from './playedTransport.ts'
import { until } from './until.ts'

export const runId = 'run-of-a-test'
export const timeoutMs = 60_000
export const nothing = new Uint8Array()

export interface RunOptions {
  readonly world?: PlayedWorld
  /** A ping by default. */
  readonly action?: RunRequest['action']
  readonly rollout?: Rollout
  readonly outputLimitBytes?: number
  readonly unseen?: Unseen
}

/** A stage for the runs of one test file: with a history on disk, and agents that the test plays. Cleared after each test. */
export interface RunStage {
  readonly directory: string
  readonly history: History
  /** A run that has not begun. */
  create(
    agentIds: readonly string[],
    options?: RunOptions,
  ): Promise<{ run: Run; world: PlayedWorld; begin: () => ReturnType<Run['begin']> }>
  start(agentIds: readonly string[], options?: RunOptions): Promise<{ run: Run; world: PlayedWorld }>
  /** Takes the run up again, as the next master does. */
  restore(pauseBecause?: Localizable): Promise<{ run: Run; world: PlayedWorld }>
}

const ping: RunRequest['action'] = { kind: 'ping' }

export function stageRuns(): RunStage {
  let directory = ''
  let history: History
  const runs: Run[] = []
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'run-'))
    history = await History.open(directory)
  })
  afterEach(async () => {
    await Promise.all(runs.splice(0).map((run) => run.close()))
    await rm(directory, { recursive: true, force: true })
  })
  const stage: RunStage = {
    get directory() {
      return directory
    },
    get history() {
      return history
    },
    async create(agentIds, { world = createWorld(), action = ping, rollout, outputLimitBytes, unseen } = {}) {
      const request = {
        ...{ filter: '*', action, timeoutMs },
        ...(rollout && { rollout }),
        ...(unseen && { unseen }),
        ...(outputLimitBytes !== undefined && { outputLimitBytes }),
      }
      const issuer = { name: 'ada', host: 'laptop' }
      const start = { runId, environment: 'testing', request, issuer, startedAt: world.time }
      const run = new Run(startRunState(start), await history.create(start), world)
      runs.push(run)
      const agents = agentIds.map((agentId) => ({ agentId, hostname: `web-${agentId}` }))
      return { run, world, begin: () => run.begin(agents, planSteps(agentIds, rollout)) }
    },
    async start(agentIds, options) {
      const { run, world, begin } = await stage.create(agentIds, options)
      await begin()
      return { run, world }
    },
    async restore(pauseBecause) {
      const world = createWorld()
      const { state, record } = await history.resume(runId)
      const run = await Run.restore(state, record, world, pauseBecause)
      runs.push(run)
      return { run, world }
    },
  }
  return stage
}

/** Messages with their data. */
export type Reply = [ReplyMessage, Uint8Array][]

export type Outcome = Extract<ReplyMessage, { type: 'result' }>['outcome']

export function from(agentId: string) {
  return { runId, agentId, hostname: `web-${agentId}`, sentAt: 1 }
}

export function ack(agentId: string): ReplyMessage {
  return { type: 'ack', ...from(agentId), state: 'started' }
}

/** An ack, a frame for each text, and the result. */
export function replyOf(agentId: string, texts: readonly string[], outcome?: Outcome): Reply {
  const frames = texts.map((text, frame): Reply[0] => [
    { type: 'output', ...from(agentId), frame, segments: [[1, text.length]] },
    Buffer.from(text),
  ])
  return [[ack(agentId), nothing], ...frames, [resultOf(agentId, texts, outcome), nothing]]
}

export function resultOf(
  agentId: string,
  texts: readonly string[],
  outcome: Outcome = { kind: 'exited', code: 0 },
): ReplyMessage {
  const digest = (text: string) => ({
    bytes: text.length,
    sha256: createHash('sha256').update(text).digest('hex'),
    droppedBytes: 0,
  })
  const frames = texts.length
  return {
    ...{ type: 'result', ...from(agentId), outcome, durationMs: 5, frames },
    ...{ stdout: digest(texts.join('')), stderr: digest('') },
  }
}

/** One message with all in it. */
export function answer(run: Run, agentId: string, text: string, outcome?: Outcome): void {
  const result = resultOf(agentId, text === '' ? [] : [text], outcome)
  const last = text === '' ? {} : { last: { frame: 0, segments: [[1, text.length]] } }
  run.receive({ ...result, ...last } as ReplyMessage, Buffer.from(text), 'unproven')
}

export async function textOf(run: Run, agentId: string): Promise<string> {
  return Buffer.concat((await run.output(agentId)).map(({ bytes }) => bytes)).toString()
}

/** Notices are given in the turn of the event loop after their cause. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export async function said(world: PlayedWorld, sentences: readonly string[]): Promise<void> {
  await until(
    () => world.said.length >= sentences.length,
    'the run to say more',
    () => `; so far: ${world.said}`,
  )
  expect(world.said).toEqual(sentences)
}
