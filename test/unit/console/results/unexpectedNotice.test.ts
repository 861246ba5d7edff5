import { afterEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { tellUnexpected } from '../../../../src/console/results/unexpectedNotice.ts'
import { type SimulatedRun, simulateRun } from '../../../support/simulatedRun.ts'
import { until } from '../../../support/until.ts'

let fleet: SimulatedRun
let told: string[] = []

afterEach(async () => {
  Reflect.deleteProperty(vscode.window, 'showErrorMessage')
  await fleet.close()
})

async function watchedRun(): Promise<void> {
  told = []
  const showErrorMessage = async (sentence: string) => void told.push(sentence)
  Object.assign(vscode.window, { showErrorMessage })
  fleet = await simulateRun(['web1'], { unseen: 'left-out' })
  tellUnexpected(fleet.run, 'production')
}

describe('The notice of an unexpected execution', () => {
  it('comes with the first word of an agent that the command does not name, once, and names it', async () => {
    await watchedRun()
    fleet.ack('db1')
    await until(() => told.length > 0, 'the notice')
    fleet.finish('db1', 0)
    fleet.finish('web1', 0)
    await fleet.run.ended
    expect(told).toEqual(['production: Unexpected: 1 agent executed the command, which did not name it: db1'])
  })

  it('does not come where only those execute that were named', async () => {
    await watchedRun()
    fleet.finish('web1', 1)
    await fleet.run.ended
    expect(told).toEqual([])
  })
})
