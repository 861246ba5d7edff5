import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { everyone } from '../../../src/protocol/filter/writtenFilter.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { createMasters, type Masters, outputOf, startRun } from '../../support/masters.ts'
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

describe('a command that prints line by line', () => {
  it('shows each line as it comes: before there is a next one', async () => {
    const { master, discover } = await masters.open(environment)
    await discover(2)
    const directory = await masters.newDirectory()
    // It goes on to the next line when the last one has been seen here.
    const seen = `${directory}/$EC2_COLLECTIVE_AGENT_ID`
    const command = `for n in 1 2 3 4; do echo $n; until [ -e "${seen}-$n" ]; do sleep 0.1; done; done`
    const run = await startRun(master, {
      filter: everyone,
      action: { kind: 'shell', command },
      timeoutMs: 25_000,
    })
    run.onChange(({ output }) => {
      for (const agentId of output) {
        const { stdoutBytes = 0 } = run.state.replies.get(agentId) ?? {}
        const lines = stdoutBytes / '1\n'.length
        if (lines > 0) void writeFile(join(directory, `${agentId}-${lines}`), '')
      }
    })
    const { counts } = await run.ended
    expect(counts.succeeded).toBe(2)
    for (const agentId of fleet.agentIds) expect(await outputOf(run, agentId)).toBe('1\n2\n3\n4\n')
  })
})
