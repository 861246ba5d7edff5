import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import type { OpenMaster } from '../../../../src/console/environments/connectionState.ts'
import { describeStop, stopEverything } from '../../../../src/console/send/stopEverything.ts'
import type { StopOutcome } from '../../../../src/master/environmentStop.ts'
import type { RunningRun } from '../../../../src/master/runningRuns.ts'
import { inEnglish } from '../../../../src/text/translate.ts'
import { declared } from '../../../support/declared.ts'

const web = (n: number) => ({ agentId: `i-${n}`, hostname: `web${n}` })
const nothing: StopOutcome = { stopped: [], refused: [], running: [], unknown: [] }

/** What the user is asked, in order, and answers: the name that they type, or the label of a button. */
let questions: string[]
let answers: (string | undefined)[]
let told: string[]
let stops = 0

beforeEach(() => {
  questions = []
  told = []
  stops = 0
  const ask = async (question: string) => {
    questions.push(question)
    return answers.shift()
  }
  Object.assign(vscode.window, {
    showWarningMessage: async (sentence: string, options?: object) =>
      options === undefined ? void told.push(sentence) : ask(sentence),
    showInformationMessage: async (sentence: string) => void told.push(sentence),
    showInputBox: async ({ prompt }: vscode.InputBoxOptions) => ask(prompt ?? ''),
    withProgress: async (_: object, act: (progress: object, token: object) => unknown) =>
      act({}, { onCancellationRequested: () => {} }),
  })
})
afterEach(() => {
  for (const name of ['showWarningMessage', 'showInformationMessage', 'showInputBox', 'withProgress'])
    Reflect.deleteProperty(vscode.window, name)
})

/** @param readings what runs at each reading of the fleet; the last one stays */
async function run(isProtected: boolean, readings: RunningRun[][]) {
  const environment = declared('production', { protected: isProtected })
  const master = {
    running: () => (readings.length > 1 ? readings.shift() : readings[0]) ?? [],
    stopEverything: async () => {
      stops += 1
      return nothing
    },
  }
  await stopEverything({
    ask: async () => environment,
    connections: { refresh: async () => ({ master }) as unknown as OpenMaster },
    history: { list: async () => [] },
    documents: { keep: () => vscode.Uri.parse('ec2-collective:/nothing') },
  })()
}

const one: RunningRun = { runId: 'run-0001', agents: [web(1), web(2)] }
const two: RunningRun = { runId: 'run-0002', agents: [web(2), web(3)] }

describe('“Stop Everything Here…”', () => {
  it('says how much it stops, and stops nothing without a yes', async () => {
    answers = [undefined]
    await run(false, [[one, two]])
    expect(questions).toEqual([
      'Stop everything on production (runs: 2, agents: 3), and what else its agents turn out to execute.',
    ])
    expect(stops).toBe(0)
  })

  it('stops with a yes, and says what became of it', async () => {
    answers = ['Stop Everything']
    await run(false, [[one]])
    expect(stops).toBe(1)
    expect(told).toEqual(['production: 0 runs were asked to stop. No agent executes anything now.'])
  })

  it('asks for the name of a protected environment', async () => {
    answers = ['Production']
    await run(true, [[one]])
    expect(stops).toBe(0)
    answers = ['production']
    await run(true, [[one]])
    expect(stops).toBe(1)
    expect(questions[0]).toMatch(
      /^Stop everything on production \(runs: 1, agents: 2\).*Type production to stop all of it/s,
    )
  })

  it('asks again when other runs have begun, and not when some have ended', async () => {
    answers = ['Stop Everything', undefined]
    await run(false, [[one], [one, two]])
    expect(questions).toHaveLength(2)
    expect(stops).toBe(0)
    answers = ['Stop Everything']
    await run(false, [[one, two], [two]])
    expect(stops).toBe(1)
  })

  it('can be used when nothing is reported yet: facts may be half a minute old', async () => {
    answers = ['Stop Everything']
    await run(false, [[]])
    expect(stops).toBe(1)
  })
})

describe('What became of it', () => {
  it('names the agents that refused, still execute something, or have not reported', () => {
    const { isDone, sentence } = describeStop(
      {
        stopped: [one],
        refused: [{ hostname: 'web1', reason: 'Its policy does not allow it.' }],
        running: [web(1)],
        unknown: [web(2), web(3)],
      },
      'production',
      inEnglish,
    )
    expect(isDone).toBe(false)
    expect(sentence).toBe(
      'production: 1 run was asked to stop. Agents that refused to stop (1): web1 (Its policy does not allow it.). Agents that still execute a run (1): web1. Agents that have not reported since (2): web[2-3].',
    )
  })
})
