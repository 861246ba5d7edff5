import { afterEach, describe, expect, it } from 'vitest'
import { GroupNumbers } from '../../../../src/console/results/groupsTable.ts'
import { groupReplies } from '../../../../src/report/grouping.ts'
import { inEnglish } from '../../../../src/text/translate.ts'
import { type SimulatedRun, simulateRun } from '../../../support/simulatedRun.ts'

let simulated: SimulatedRun

afterEach(() => simulated.close())

describe('the table of groups', () => {
  it('keeps the majority among more groups than it shows, also where more are silent', async () => {
    const agree = Array.from({ length: 260 }, (_, index) => `same${index}`)
    const differ = Array.from({ length: 230 }, (_, index) => `other${index}`)
    const silent = Array.from({ length: 300 }, (_, index) => `mute${index}`)
    simulated = await simulateRun([...agree, ...differ, ...silent])
    for (const host of agree) simulated.finish(host, 0, [{ stream: 1, text: 'same\n' }])
    for (const host of differ) simulated.finish(host, 0, [{ stream: 1, text: `${host}\n` }])
    await simulated.giveUp()
    const rows = await shown()
    expect(rows).toHaveLength(200)
    expect(rows.filter(({ majority }) => majority).map(({ count }) => count)).toEqual([260])
  })

  it('keeps the largest group where there is no majority', async () => {
    const differ = Array.from({ length: 230 }, (_, index) => `other${index}`)
    const agree = ['same1', 'same2']
    simulated = await simulateRun([...agree, ...differ])
    for (const host of agree) simulated.finish(host, 0, [{ stream: 1, text: 'same\n' }])
    for (const host of differ) simulated.finish(host, 0, [{ stream: 1, text: `${host}\n` }])
    const rows = await shown()
    expect(rows).toHaveLength(200)
    expect(rows.at(-1)).toMatchObject({ count: 2, majority: false })
  })

  async function shown() {
    const { run } = simulated
    const groups = new GroupNumbers(run as never, inEnglish)
    groups.update(groupReplies(run.state))
    return groups.table(run.state).rows
  }
})
