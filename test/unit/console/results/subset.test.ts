import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { subsetOf } from '../../../../src/console/results/subset.ts'
import { groupReplies } from '../../../../src/report/grouping.ts'
import { agentIdOf, type SimulatedRun, simulateRun } from '../../../support/simulatedRun.ts'

let simulated: SimulatedRun

beforeAll(async () => {
  simulated = await simulateRun(['ok1', 'ok2', 'bad', 'slow', 'silent'])
  simulated.finish('ok1', 0)
  simulated.finish('ok2', 0)
  simulated.finish('bad', 1)
  simulated.finish('slow', { kind: 'timed-out' })
  await simulated.giveUp()
})

afterAll(() => simulated.close())

describe('subsetOf', () => {
  const subset = (on: Parameters<typeof subsetOf>[1]) =>
    subsetOf(simulated.run.state, on, {
      group: (number) => groupReplies(simulated.run.state)[number],
      tableAgents: () => ['bad', 'bad', 'silent', 'elsewhere'].map(agentIdOf),
    })

  it('is everyone who matches now, not a list, when all are meant', () => {
    expect(subset({ kind: 'all' })).toBeUndefined()
  })

  it('tells the failed from the silent', () => {
    expect(subset({ kind: 'failed' })).toEqual(['bad', 'slow'].map(agentIdOf))
    expect(subset({ kind: 'no-reply' })).toEqual([agentIdOf('silent')])
    expect(subset({ kind: 'not-started' })).toEqual([])
    expect(subset({ kind: 'cancelled' })).toEqual([])
    expect(subset({ kind: 'rest' })).toEqual(['bad', 'slow', 'silent'].map(agentIdOf))
  })

  it('takes a group, and nobody for a group that is not there', () => {
    const fine = groupReplies(simulated.run.state).findIndex(({ state }) => state === 'succeeded')
    expect(subset({ kind: 'group', group: fine })).toEqual(['ok1', 'ok2'].map(agentIdOf))
    expect(subset({ kind: 'group', group: 77 })).toEqual([])
  })

  it('takes the agents of the table once, however many rows they have', () => {
    expect(subset({ kind: 'table' })).toEqual(['bad', 'silent'].map(agentIdOf))
  })

  it('leaves out agents that are not in the run', () => {
    expect(subset({ kind: 'agents', agents: [agentIdOf('bad'), 'i-elsewhere'] })).toEqual([agentIdOf('bad')])
  })
})
