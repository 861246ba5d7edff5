import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Run } from '../../../src/master/engine/run.ts'
import { everyone } from '../../../src/protocol/filter/writtenFilter.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import type { RunRequest } from '../../../src/run/runRequest.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { createMasters, type Masters, outputOf, startRun } from '../../support/masters.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'

let sqs: SqsServer
let environment: Environment
let fleet: AgentFleet
let masters: Masters

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('two')
  fleet = await startAgents(environment, 6)
  masters = createMasters(sqs)
})
afterAll(async () => {
  await masters?.close()
  await fleet?.stop()
  await sqs?.stop()
})

describe('two masters that command the same agents', () => {
  it.each(['private', 'shared'] as const)(
    'with %s reply queues and one history lose and mix nothing in twenty runs each',
    async (replyQueue) => {
      const first = await masters.open(environment, { replyQueue })
      const second = await masters.open(environment, { replyQueue, history: first.history })
      await Promise.all([first.discover(6), second.discover(6)])
      const runs = await Promise.all(
        [first, second].map(({ master }, index) =>
          inTurns(20, 4, (n) => startRun(master, shell(`echo ${index} ${n} $EC2_COLLECTIVE_AGENT_ID`))),
        ),
      )
      for (const [index, own] of runs.entries()) {
        for (const [n, run] of own.entries()) {
          const { replies, counts } = run.state
          expect([...replies.keys()].toSorted()).toEqual(fleet.agentIds)
          expect(counts.succeeded).toBe(6)
          for (const agentId of fleet.agentIds) {
            expect(await outputOf(run, agentId)).toBe(`${index} ${n} ${agentId}\n`)
          }
        }
      }
      expect([...first.troubles, ...second.troubles]).toEqual([])
      expect(await first.history.list()).toHaveLength(40)
    },
  )
})

function shell(command: string): RunRequest {
  return { filter: everyone, action: { kind: 'shell', command }, timeoutMs: 60_000 }
}

/** So many runs, some at a time: more than ten commands on the queue would hide one another. */
async function inTurns(count: number, atOnce: number, start: (n: number) => Promise<Run>): Promise<Run[]> {
  const runs: Run[] = []
  let next = 0
  const work = async () => {
    for (let n = next++; n < count; n = next++) {
      const run = await start(n)
      runs[n] = run
      await run.ended
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return runs
}
