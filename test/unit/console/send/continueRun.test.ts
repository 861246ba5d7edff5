import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { continueRun } from '../../../../src/console/send/continueRun.ts'
import type { Run } from '../../../../src/master/engine/run.ts'
import type { Master } from '../../../../src/master/master.ts'
import { History } from '../../../../src/master/store/history.ts'
import type { RunRequest } from '../../../../src/run/runRequest.ts'
import { say } from '../../../../src/text/localizable.ts'
import { declared } from '../../../support/declared.ts'
import { hearOf, playedMaster } from '../../../support/playedMaster.ts'
import { playedQueues } from '../../../support/playedQueues.ts'
import { answer as reply, stageRuns } from '../../../support/playedRun.ts'

const stage = stageRuns()
const { signal } = new AbortController()
const noDocument = { keep: () => vscode.Uri.file('/text') }
let documents: Parameters<typeof continueRun>[0]['documents']
let directory: string
let master: Master
let run: Run
let looks: number
let limitBytes: number
/** In place of the ping of the run. */
let large: RunRequest['action'] | undefined

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'continue-'))
  looks = 0
  limitBytes = 256 * 1024
  large = undefined
  documents = noDocument
  const queues = playedQueues({ maximumMessageSize: async () => limitBytes })
  master = playedMaster({ queues, history: await History.open(directory) })
  ;({ run } = await stage.start(['z', 'a', 'b', 'c'], { rollout: { canary: 1, batch: { count: 2 } } }))
  run.pause(say('nobody was there'))
  reply(run, 'z', '')
})
afterEach(async () => {
  for (const name of [
    'showWarningMessage',
    'showInputBox',
    'createQuickPick',
    'showTextDocument',
    'tabGroups',
  ])
    Reflect.deleteProperty(vscode.window, name)
  Reflect.deleteProperty(vscode.workspace, 'openTextDocument')
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
  const shown = {
    get state() {
      const { request } = run.state
      return large === undefined ? run.state : { ...run.state, request: { ...request, action: large } }
    },
    resume: () => run.resume(),
  }
  return continueRun({ connections: { refresh }, documents, run: shown, environment }, signal)
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

/** A yes to each question that is too long for a dialog. Returns the documents beside them. */
function answersBesideDocument(): string[] {
  const texts: string[] = []
  documents = {
    keep: (_path, text) => {
      texts.push(text)
      return vscode.Uri.file('/text')
    },
  }
  Object.assign(vscode.workspace, { openTextDocument: async (uri: vscode.Uri) => ({ uri }) })
  Object.assign(vscode.window, {
    showTextDocument: async () => {},
    tabGroups: { all: [], close: async () => {} },
    createQuickPick: () => {
      let accept = () => {}
      const pick = {
        items: [] as vscode.QuickPickItem[],
        get selectedItems(): vscode.QuickPickItem[] {
          return this.items.slice(1)
        },
        onDidAccept: (listener: () => void) => {
          accept = listener
        },
        ...{ onDidHide: () => {}, dispose: () => {}, show: () => accept() },
      }
      return pick
    },
  })
  return texts
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

  it('shows bytes and price of what is left, where that is worth a line', async () => {
    large = { kind: 'script', name: 'deploy.sh', content: randomBytes(100_000).toString('base64'), args: [] }
    const texts = answersBesideDocument()
    expect(await go()).toBe(true)
    expect(texts[0]).toMatch(
      /^Size and cost: 2 messages, 26\d KB together\. SQS bills [\d,]+ to [\d,]+ requests/m,
    )
    expect(run.state.phase).toBe('running')
  })

  it('stays paused, and says why, where the queue no longer takes the command', async () => {
    large = { kind: 'script', name: 'deploy.sh', content: randomBytes(100_000).toString('base64'), args: [] }
    limitBytes = 64 * 1024
    const asked = answers('Continue')
    await expect(go()).rejects.toThrow(/takes 13\d,?\d{3} bytes/)
    expect([asked, run.state.phase]).toEqual([[], 'paused'])
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
