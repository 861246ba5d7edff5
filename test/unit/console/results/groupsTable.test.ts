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

  it('leads with the table of values only after each reply is looked at: before that, all seem to differ', async () => {
    const hosts = Array.from({ length: 12 }, (_, index) => `web${index}`)
    simulated = await simulateRun(hosts)
    const { run } = simulated
    const finish = (from: number, to: number, rowOf: (index: number) => string) => {
      for (const [index, host] of hosts.entries())
        if (index >= from && index < to)
          simulated.finish(host, 0, [{ stream: 1, text: `PID  COMMAND\n1  init\n${rowOf(index)}\n` }])
    }
    const groups = new GroupNumbers(run as never, inEnglish)
    const leads = async () => {
      groups.update(groupReplies(run.state))
      const before = groups.table(run.state).leads
      await groups.readAnswers()
      groups.update(groupReplies(run.state))
      return [before, groups.table(run.state).leads]
    }
    finish(0, 6, (index) => `${index}  nginx`)
    expect(await leads()).toEqual(['groups', 'groups'])
    finish(6, 12, (index) => `7  ${'abcdefghijkl'[index]}-server`)
    expect(await leads()).toEqual(['groups', 'table'])
    groups.choose({ kind: 'exit' })
    expect(await leads()).toEqual(['groups', 'groups'])
  })

  it('shows the beginning of what is there by now, where a reply was given up and more of it comes', async () => {
    simulated = await simulateRun(['web1'])
    const { run } = simulated
    simulated.ack('web1')
    simulated.write('web1', 1, 'first\n')
    await simulated.giveUp()
    const groups = new GroupNumbers(run as never, inEnglish)
    const preview = async () => {
      groups.update(groupReplies(run.state))
      await groups.readPreviews()
      return groups.table(run.state).rows.map((row) => row.preview)
    }
    expect(run.state.replies.values().next().value?.state).toBe('lost')
    expect(await preview()).toEqual([['first']])
    simulated.write('web1', 1, 'second\n')
    expect(await preview()).toEqual([['first', 'second']])
    const read = run.output
    let reads = 0
    Object.assign(run, {
      output: (...args: Parameters<typeof read>) => {
        reads += 1
        return read.apply(run, args)
      },
    })
    await preview()
    expect(reads).toBe(0)
  })

  it('shows the output of the agent that stands for a group, also when another one does', async () => {
    simulated = await simulateRun(['web1', 'web2'])
    const { run } = simulated
    for (const host of ['web2', 'web1']) {
      simulated.ack(host)
      simulated.write(host, 1, `${host}\n`)
    }
    const groups = new GroupNumbers(run as never, inEnglish)
    const previews = async () => {
      await groups.readPreviews()
      return groups.table(run.state).rows.map((row) => row.preview)
    }
    await simulated.giveUp()
    const lost = groupReplies(run.state)
    groups.update(lost.map((group) => ({ ...group, representative: group.agentIds.at(-1) ?? '' })))
    expect(await previews()).toEqual([['web2']])
    groups.update(lost)
    expect(await previews()).toEqual([['web1']])
  })

  async function shown() {
    const { run } = simulated
    const groups = new GroupNumbers(run as never, inEnglish)
    groups.update(groupReplies(run.state))
    return groups.table(run.state).rows
  }
})
