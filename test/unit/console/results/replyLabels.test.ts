import { afterEach, describe, expect, it } from 'vitest'
import { type GroupBy, readGroupBy } from '../../../../src/answers/groupBy.ts'
import { GroupNumbers } from '../../../../src/console/results/groupsTable.ts'
import type { Facts } from '../../../../src/protocol/facts.ts'
import { groupReplies } from '../../../../src/report/grouping.ts'
import { inEnglish } from '../../../../src/text/translate.ts'
import { agentIdOf, type SimulatedRun, simulateRun } from '../../../support/simulatedRun.ts'

let simulated: SimulatedRun

afterEach(() => simulated.close())

/** `[label, hosts, different replies]` of each group, outliers first. */
async function groupsBy(by: string, facts: Record<string, Facts> = {}) {
  const { run } = simulated
  const byAgent = new Map(Object.entries(facts).map(([host, own]) => [agentIdOf(host), own]))
  const groups = new GroupNumbers(run as never, inEnglish, (agentId) => byAgent.get(agentId))
  groups.choose(readGroupBy(by) as GroupBy)
  groups.update(groupReplies(run.state))
  await groups.readAnswers()
  groups.update(groupReplies(run.state))
  const table = groups.table(run.state)
  expect(table).toMatchObject({ by, isChosen: true })
  return table.rows.map(({ label, hosts, originals }) => [label, hosts, originals])
}

async function fourServers() {
  simulated = await simulateRun(['web1', 'web2', 'web3', 'web4'])
  simulated.finish('web1', 0, [{ stream: 1, text: 'one\nversion 1.2 is up\n' }])
  simulated.finish('web2', 0, [{ stream: 1, text: 'two\nversion 1.2 is up\n' }])
  simulated.finish('web3', 0, [{ stream: 1, text: 'two\nversion 1.3 is up\n\n' }])
  simulated.finish('web4', 3, [{ stream: 2, text: 'one\nversion 1.2 is up\n' }])
}

describe('groups of replies', () => {
  it('by exit code have all outputs with it', async () => {
    await fourServers()
    expect(await groupsBy('exit code')).toEqual([
      [undefined, 'web4', 1],
      [undefined, 'web[1-3]', 3],
    ])
  })

  it('by the last line are named by it, and never have two exit codes', async () => {
    await fourServers()
    expect(await groupsBy('last line')).toEqual([
      ['version 1.2 is up', 'web4', 1],
      ['version 1.3 is up', 'web3', 1],
      ['version 1.2 is up', 'web[1-2]', 2],
    ])
  })

  it('by a capture are named by what it finds', async () => {
    await fourServers()
    expect(await groupsBy(String.raw`capture:version \d+\.(\d+)`)).toEqual([
      ['2', 'web4', 1],
      ['3', 'web3', 1],
      ['2', 'web[1-2]', 2],
    ])
    expect(await groupsBy('capture:(two)')).toEqual([
      [undefined, 'web4', 1],
      [undefined, 'web1', 1],
      ['two', 'web[2-3]', 2],
    ])
  })

  it('by a fact part identical replies, and have together who has none', async () => {
    simulated = await simulateRun(['web1', 'web2', 'web3'])
    for (const host of ['web1', 'web2', 'web3']) simulated.finish(host, 0, [{ stream: 1, text: 'same\n' }])
    const facts = { web1: { ec2: { az: 'a' } }, web3: { ec2: { az: 'a' } } }
    expect(await groupsBy('fact:ec2.az', facts)).toEqual([
      [undefined, 'web2', 1],
      ['a', 'web[1,3]', 1],
    ])
  })

  it('refuse an expression that is none, and stay as they were', async () => {
    await fourServers()
    const groups = new GroupNumbers(simulated.run as never, inEnglish)
    expect(() => groups.choose({ kind: 'capture', expression: '(' })).toThrow('Not a regular expression')
    groups.update(groupReplies(simulated.run.state))
    expect(groups.table(simulated.run.state)).toMatchObject({ isChosen: false })
  })
})
