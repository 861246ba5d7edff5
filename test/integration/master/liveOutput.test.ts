import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Environment } from '../../../src/queues/environment.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { createMasters, type Masters, outputOf } from '../../support/masters.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'

let sqs: SqsServer
let environment: Environment
let fleet: AgentFleet
let masters: Masters

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('live')
  fleet = await startAgents(environment, 2)
  masters = createMasters(sqs)
})
afterAll(async () => {
  await masters?.close()
  await fleet?.stop()
  await sqs?.stop()
})

describe('a command that prints a line a second', () => {
  it('shows each line within one and a half seconds', async () => {
    const { master, hear } = await masters.open(environment)
    await hear(2)
    // Each line tells when it was written, by the clock that we have in common.
    const command = 'for n in 1 2 3 4; do date +%s%3N; sleep 1; done'
    const run = await master.start({ filter: '*', action: { kind: 'shell', command }, timeoutMs: 60_000 })
    const shownAt = new Map<string, number[]>(fleet.agentIds.map((agentId) => [agentId, []]))
    run.onChange(({ output }) => {
      for (const agentId of output) {
        const { stdoutBytes = 0 } = run.state.replies.get(agentId) ?? {}
        const shown = shownAt.get(agentId) ?? []
        while (shown.length < stdoutBytes / stampBytes) shown.push(Date.now())
      }
    })
    const { counts, replies } = await run.over
    expect(counts.succeeded).toBe(2)
    for (const { agentId, startedAt, heardAt } of replies.values()) {
      const written = (await outputOf(run, agentId)).trim().split('\n').map(Number)
      const shown = shownAt.get(agentId) ?? []
      expect(shown).toHaveLength(4)
      for (const [index, at] of written.entries()) expect((shown[index] ?? 0) - at).toBeLessThan(1500)
      // It was shown as it came: the first line long before the end.
      expect((heardAt ?? 0) - (shown[0] ?? 0)).toBeGreaterThan(1500)
      expect(startedAt).toBeLessThanOrEqual(shown[0] ?? 0)
    }
  })
})

/** Milliseconds since the epoch, and a newline. */
const stampBytes = 14
