import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SendOutcome } from '../../../../src/console/send/runs.ts'
import { RunTerminal } from '../../../../src/console/tasks/runTerminal.ts'
import { declared } from '../../../support/declared.ts'
import { everyInterleaving } from '../../../support/interleavings.ts'
import { type SimulatedRun, simulateRun } from '../../../support/simulatedRun.ts'
import { until } from '../../../support/until.ts'

let simulated: SimulatedRun
let written: string
let exitCodes: number[]
let closedWith: SendOutcome[]

beforeEach(async () => {
  simulated = await simulateRun(['web-1', 'web-2'])
  ;[written, exitCodes, closedWith] = ['', [], []]
})
afterEach(() => simulated.close())

const sent = (kind: 'sent' | 'cancelled' | 'interrupted' = 'sent'): SendOutcome => ({
  kind,
  started: { run: simulated.run, environment: declared('testing'), origin: 'task' },
})
const notSent: SendOutcome = { kind: 'not-sent', why: 'stopped' }

function open(start: (signal: AbortSignal) => Promise<SendOutcome>): RunTerminal {
  const terminal = new RunTerminal(start, 'strict', (outcome) => closedWith.push(outcome))
  terminal.onDidWrite((text) => {
    written += text
  })
  terminal.onDidClose((code) => exitCodes.push(code ?? 0))
  terminal.open()
  return terminal
}

describe('The terminal of a task', () => {
  it('prints who has answered and the grouped replies, and ends with the exit code of the run', async () => {
    open(async () => sent())
    await until(() => written.includes('Sent to testing'), 'the run to be told')
    simulated.finish('web-1', 0, [{ stream: 1, text: 'fine\n' }])
    simulated.finish('web-2', 0, [{ stream: 1, text: 'fine\n' }])
    await until(() => exitCodes.length > 0, 'the end')
    expect(written).toContain('web-1: succeeded\r\n')
    expect(exitCodes).toEqual([0])
  })

  it('that is closed before its command is sent has it stopped, and says what became of it', async () => {
    const terminal = open(
      (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(notSent))),
    )
    terminal.close()
    await until(() => exitCodes.length > 0, 'the end')
    expect([exitCodes, closedWith]).toEqual([[2], [notSent]])
    expect(written).toBe('Nothing was sent.\r\n')
  })

  it('that is closed while its run is on lets the run go on, and asks once', async () => {
    let stopped = false
    const terminal = open(async (signal) => {
      signal.addEventListener('abort', () => {
        stopped = true
      })
      return sent()
    })
    await until(() => written.includes('Sent to testing'), 'the run to be told')
    terminal.close()
    terminal.close()
    expect([closedWith, stopped]).toEqual([[sent()], false])
    expect(simulated.run.state.cancelRequestedAt).toBeUndefined()
  })

  it('tells in each order of sending and closing exactly once what became of the run, and stops only what is not sent', async () => {
    const kinds = new Set<string>()
    const orders = await everyInterleaving(async (stage) => {
      closedWith = []
      let isSent = false
      const terminal = open(async (signal) => {
        await stage.pause('connect')
        if (signal.aborted) return notSent
        await stage.pause('send')
        isSent = true
        const outcome = signal.aborted ? sent('interrupted') : sent()
        await stage.pause('hand on')
        return outcome
      })
      stage.act('close', () => terminal.close())
      await stage.play()
      kinds.add(closedWith.map(({ kind }) => kind).join())
      if (!isSent) expect(closedWith).toEqual([notSent])
    })
    expect(kinds).toEqual(new Set(['not-sent', 'interrupted', 'cancelled', 'sent']))
    expect(orders).toHaveLength(4)
  })

  it('says why nothing could be sent, with an exit code of its own', async () => {
    open(() => Promise.reject(new Error('role=mail does not match any agent')))
    await until(() => exitCodes.length > 0, 'the end')
    expect([written, exitCodes]).toEqual(['role=mail does not match any agent\r\n', [2]])
  })
})
