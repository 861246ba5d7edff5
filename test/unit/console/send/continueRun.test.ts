import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { continueRun } from '../../../../src/console/send/continueRun.ts'
import type { Run } from '../../../../src/master/engine/run.ts'
import type { Master } from '../../../../src/master/master.ts'
import { History } from '../../../../src/master/store/history.ts'
import { say } from '../../../../src/text/localizable.ts'
import { declared } from '../../../support/declared.ts'
import { hearOf, playedMaster } from '../../../support/playedMaster.ts'
import { playedQueues } from '../../../support/playedQueues.ts'
import { answer as reply, stageRuns } from '../../../support/playedRun.ts'

const stage = stageRuns()
const { signal } = new AbortController()
const documents = { keep: () => vscode.Uri.file('/text') }
let directory: string
let master: Master
let run: Run
let looks: number

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'continue-'))
  looks = 0
  const queues = playedQueues()
  master = playedMaster({ queues, history: await History.open(directory) })
  ;({ run } = await stage.start(['z', 'a', 'b', 'c'], { rollout: { canary: 1, batch: { count: 2 } } }))
  run.pause(say('nobody was there'))
  reply(run, 'z', '')
})
afterEach(async () => {
  for (const name of ['showWarningMessage', 'showInputBox']) Reflect.deleteProperty(vscode.window, name)
  await master.close({ forgetReplyQueue: true })
  await rm(directory, { recursive: true, force: true })
})

function go(onLook: () => void = () => {}, isProtected = false): Promise<boolean> {
  const refresh = async () => {
    looks += 1
    onLook()
    return { master, queues: playedQueues() }
  }
  const environment = declared('testing', { protected: isProtected })
  return continueRun({ connections: { refresh }, documents, run, environment }, signal)
}

/** What the person says to each question in turn, which is taken down. */
function answers(...said: (string | undefined)[]): string[] {
  const asked: string[] = []
  Object.assign(vscode.window, {
    showWarningMessage: async (sentence: string, { detail }: vscode.MessageOptions) => {
      asked.push(`${sentence}\n${detail}`)
      return said[asked.length - 1]
    },
    showInputBox: async ({ prompt }: vscode.InputBoxOptions) => {
      asked.push(prompt ?? '')
      return said[asked.length - 1]
    },
  })
  return asked
}

describe('Continuing a paused rollout', () => {
  it('shows what is left, why it is paused, what has become of it and who is missing, and continues on a yes', async () => {
    const asked = answers('Continue')
    expect(await go()).toBe(true)
    expect(asked).toHaveLength(1)
    expect(asked[0]?.split('\n').filter((line) => !line.startsWith('Rollout: '))).toEqual([
      'Ping: continue the rollout on testing with the remaining agents (3).',
      'Paused: nobody was there',
      'So far: 1 succeeded',
      ...['Action: ping', 'Timeout: 60 s'],
      ...['Step 2 of 3 (2): web-a,web-b', 'Step 3 of 3 (1): web-c'],
      'Not seen now, but named as targets (1): c',
    ])
    expect([run.state.phase, looks]).toEqual(['running', 2])
  })

  it.each([[undefined], ['']])('leaves it paused on a no: %s', async (said) => {
    answers(said)
    expect(await go()).toBe(false)
    expect(run.state.phase).toBe('paused')
  })

  it('asks for the name of a protected environment', async () => {
    const asked = answers('production')
    expect(await go(undefined, true)).toBe(false)
    expect(asked[0]).toContain('Type testing to run it.')
    answers('testing')
    expect(await go(undefined, true)).toBe(true)
    expect(run.state.phase).toBe('running')
  })

  it('asks again when other agents of the rest are missing after the answer', async () => {
    const asked = answers('Continue', undefined)
    expect(
      await go(() => {
        if (looks === 2) hearOf(master, 'c')
      }),
    ).toBe(false)
    expect(asked[1]).toContain('The fleet has changed since then. 1 new: c.')
    expect(run.state.phase).toBe('paused')
  })

  it('does nothing to a rollout that was stopped while the question was open', async () => {
    answers('Continue')
    expect(
      await go(() => {
        if (looks === 2) run.stopRollout()
      }),
    ).toBe(false)
    expect(run.state.counts['not-started']).toBe(3)
  })
})
