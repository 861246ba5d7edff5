import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import type { SendOutcome } from '../../../../src/console/send/runs.ts'
import { tellOfClosedTerminal } from '../../../../src/console/tasks/closedTerminal.ts'
import { Trouble } from '../../../../src/console/trouble.ts'
import { declared } from '../../../support/declared.ts'
import { type SimulatedRun, simulateRun } from '../../../support/simulatedRun.ts'

let simulated: SimulatedRun
let shown: unknown[][]
let shownErrors: unknown[]
const trouble = new Trouble(vscode.window.createOutputChannel('x', { log: true }), () => [])
trouble.show = (error) => void shownErrors.push(error)

beforeEach(async () => {
  simulated = await simulateRun(['web-1', 'web-2'])
  ;[shown, shownErrors] = [[], []]
})
afterEach(async () => {
  for (const name of ['showInformationMessage', 'showWarningMessage'])
    Reflect.deleteProperty(vscode.window, name)
  await simulated.close()
})

/** What the person will choose. */
function answer(choice: string | undefined): void {
  const show = async (...said: unknown[]) => {
    shown.push(said)
    return choice
  }
  Object.assign(vscode.window, { showInformationMessage: show, showWarningMessage: show })
}

const outcome = (kind: 'sent' | 'interrupted' = 'sent'): SendOutcome => ({
  kind,
  started: { run: simulated.run, environment: declared('testing'), origin: 'task' },
})
const goesOn = 'The run on testing continues: 1 of 2 agents have not finished.'

describe('Closing the terminal of a task', () => {
  it.each([['Keep Running'], [undefined]])('lets its run go on when the user says %s', async (choice) => {
    answer(choice)
    simulated.finish('web-1', 0)
    await tellOfClosedTerminal(outcome(), trouble)
    expect(shown).toEqual([[goesOn, 'Stop on the Servers', 'Keep Running']])
    expect(simulated.run.state).toMatchObject({ phase: 'running', cancelRequestedAt: undefined })
  })

  it('stops it on the servers when the user says so', async () => {
    answer('Stop on the Servers')
    await tellOfClosedTerminal(outcome(), trouble)
    expect(simulated.run.state.cancelRequestedAt).toBeDefined()
  })

  it('says when the servers could not be asked to stop', async () => {
    answer('Stop on the Servers')
    const refused = new Error('SQS says no')
    simulated.run.cancel = () => Promise.reject(refused)
    await tellOfClosedTerminal(outcome(), trouble)
    expect(shownErrors).toEqual([refused])
  })

  it('says that agents may have what was just being sent', async () => {
    answer(undefined)
    await tellOfClosedTerminal(outcome('interrupted'), trouble)
    expect(shown).toEqual([
      ['The run was being sent to testing. Agents that have received it are asked to stop.'],
    ])
  })

  it('says nothing of a run that is being stopped, is over, or was never sent', async () => {
    answer(undefined)
    await tellOfClosedTerminal({ kind: 'not-sent', why: 'stopped' }, trouble)
    await simulated.run.cancel()
    await tellOfClosedTerminal(outcome(), trouble)
    simulated.finish('web-1', 0)
    simulated.finish('web-2', 0)
    await tellOfClosedTerminal(outcome(), trouble)
    expect(shown).toEqual([])
  })
})
