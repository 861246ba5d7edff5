import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { resumeRun } from '../../../src/cli/resume.ts'
import type { Run } from '../../../src/master/engine/run.ts'
import type { Master } from '../../../src/master/master.ts'
import { History } from '../../../src/master/store/history.ts'
import { playedMaster } from '../../support/playedMaster.ts'
import { playedQueues } from '../../support/playedQueues.ts'
import { answer, stageRuns } from '../../support/playedRun.ts'

const stage = stageRuns()
let directory: string
let master: Master
let run: Run
let limitBytes: number
let told: string[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'resume-'))
  limitBytes = 256 * 1024
  told = []
  const queues = playedQueues({ maximumMessageSize: async () => limitBytes })
  master = playedMaster({ queues, history: await History.open(directory) })
  const content = randomBytes(100_000).toString('base64')
  const action = { kind: 'script' as const, name: 'deploy.sh', content, args: [] }
  ;({ run } = await stage.start(['a', 'b', 'c'], { action, rollout: { canary: 1, batch: { count: 1 } } }))
  run.pause()
  answer(run, 'a', '')
})
afterEach(async () => {
  await master.close({ forgetReplyQueue: true })
  await rm(directory, { recursive: true, force: true })
})

function resume(args: { readonly yes: boolean }, signal = new AbortController().signal) {
  const { runId } = run
  const summary = { runId, phase: 'paused', environment: master.environment.name }
  return resumeRun({
    master: {
      environment: master.environment,
      reach: (request) => master.reach(request),
      remainingCosting: (until) => master.remainingCosting(until),
      resumePaused: async () => run,
    },
    history: { list: async () => [summary] as never },
    args: { confirm: undefined, resume: runId, ...args } as never,
    person: { isThere: false, tell: (sentence: string) => told.push(sentence) } as never,
    look: async () => true,
    signal,
  })
}

describe('ec2-cmaster --resume', () => {
  it('shows bytes and price of what is left, before it continues and where it must not', async () => {
    await expect(resume({ yes: false })).rejects.toThrow('The rollout is paused: add --yes to continue it.')
    expect(await resume({ yes: true })).toBe(run)
    expect(told).toHaveLength(2)
    for (const text of told)
      expect(text).toMatch(
        /^Size and cost: 2 messages, 26\d KB together\. SQS bills [\d,]+ to [\d,]+ requests/m,
      )
    expect(run.state.phase).toBe('running')
  })

  it('leaves the rollout paused where the queue no longer takes its command', async () => {
    limitBytes = 64 * 1024
    await expect(resume({ yes: true })).rejects.toThrow(/takes 13\d+ bytes/)
    expect([run.state.phase, told]).toEqual(['paused', []])
  })

  it('leaves the rollout paused where it was interrupted while the queue was asked', async () => {
    const stop = new AbortController()
    const resuming = resume({ yes: true }, stop.signal)
    stop.abort()
    expect(await resuming).toBeUndefined()
    expect(run.state.phase).toBe('paused')
  })
})
