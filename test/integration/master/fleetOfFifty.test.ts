import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { everyone, readFilter } from '../../../src/protocol/filter/writtenFilter.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import type { RunRequest } from '../../../src/run/runRequest.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { createMasters, type Masters, type OpenMaster, outputOf, startRun } from '../../support/masters.ts'
import { requestsSince } from '../../support/requestsSince.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

const agents = 50

let sqs: SqsServer
let environment: Environment
let fleet: AgentFleet
let masters: Masters
let ours: OpenMaster

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('fifty')
  fleet = await startAgents(environment, agents)
  masters = createMasters(sqs)
  // On a busy machine the first of them may answer when the last one has not begun.
  const timing = { republishAfterMs: 25_000, responseTimeoutMs: 60_000 }
  ours = await masters.open(environment, { timing })
  await ours.discover(agents)
})
afterAll(async () => {
  await masters?.close()
  await fleet?.stop()
  await sqs?.stop()
})

describe('a run over fifty agents', () => {
  it('ends the moment the last reply is in, with every agent accounted for', async () => {
    const before = ours.queues.requests
    const run = await startRun(ours.master, shell('uname -a'))
    const state = await run.ended
    expect(state.counts).toMatchObject({ succeeded: agents, 'no-reply': 0 })
    const lastSeenAt = Math.max(...[...state.replies.values()].map(({ heardAt }) => heardAt ?? 0))
    expect(state.endedAt).toBe(lastSeenAt)
    expect(await outputOf(run, 'agent-7')).toMatch(/^Linux /)
    await run.withdrawn()
    const { requests, byOperation } = requestsSince(before, ours.queues.requests)
    // One to send, some to receive and delete fifty replies (and acknowledgements of what takes long), some to take the
    // command away.
    expect(byOperation.SendMessage?.requests).toBe(1)
    expect(requests).toBeLessThan(agents * 4 + 30)
    expect(await ours.queues.attributes(environment.queues.commands)).toMatchObject({ visible: 0 })
  })

  it('expects those whom the filter matches, and nobody else answers', async () => {
    const run = await startRun(ours.master, {
      ...shell('echo $EC2_COLLECTIVE_AGENT_ID'),
      filter: readFilter('role=web'),
    })
    const { replies, counts } = await run.ended
    expect(counts.succeeded).toBe(agents / 2)
    for (const { agentId, expected } of replies.values()) {
      expect(expected).toBe(true)
      expect(await outputOf(run, agentId)).toBe(`${agentId}\n`)
    }
  })

  it('brings five mebibytes of random bytes from each of ten agents bit for bit', async () => {
    const command =
      'f=$(mktemp) && head -c 5242880 /dev/urandom >"$f" && cat "$f" && sha256sum <"$f" >&2; rm -f "$f"'
    const run = await startRun(ours.master, { ...shell(command), targets: fleet.agentIds.slice(0, 10) })
    const { counts, replies } = await run.ended
    expect(counts.succeeded).toBe(10)
    for (const { agentId, output } of replies.values()) {
      expect(output).toBe('complete')
      const hash = createHash('sha256')
      let bytes = 0
      let said = ''
      for (const chunk of await run.output(agentId)) {
        if (chunk.stream === 2) said += Buffer.from(chunk.bytes).toString()
        else {
          hash.update(chunk.bytes)
          bytes += chunk.bytes.length
        }
      }
      expect(bytes).toBe(5 * 1024 * 1024)
      expect(said).toContain(hash.digest('hex'))
    }
  })

  it('that is cancelled is confirmed by each agent', async () => {
    const run = await startRun(ours.master, shell('sleep 300'))
    await until(() => run.state.counts.running === agents, 'all agents to be at it')
    await run.cancel()
    const { replies, counts } = await run.ended
    expect(counts.cancelled).toBe(agents)
    for (const { outcome } of replies.values()) expect(outcome).toEqual({ kind: 'cancelled', started: true })
  })

  it('is stopped by its agents after its time', async () => {
    const run = await startRun(ours.master, {
      ...shell('echo begun; sleep 300'),
      timeoutMs: 5_000,
      filter: readFilter('role=db'),
    })
    expect((await run.ended).counts['timed-out']).toBe(agents / 2)
    expect(await outputOf(run, 'agent-2')).toBe('begun\n')
  })
})

describe('a rollout over fifty agents', () => {
  it('begins with the canary, and goes on in batches', async () => {
    const run = await startRun(ours.master, {
      ...shell('true'),
      rollout: { canary: 1, batch: { percent: 40 } },
    })
    const { replies, steps, counts } = await run.ended
    expect(counts.succeeded).toBe(agents)
    expect(steps.map(({ length }) => length)).toEqual([1, 20, 20, 9])
    for (const [index, step] of steps.entries()) {
      const startedAt = Math.min(...step.map((agentId) => replies.get(agentId)?.sentAt ?? 0))
      const before = steps.slice(0, index).flat()
      for (const agentId of before) expect(replies.get(agentId)?.heardAt).toBeLessThanOrEqual(startedAt)
    }
  })

  it('with a window has never more agents under way than it allows, and starts the next when one ends', async () => {
    const run = await startRun(ours.master, {
      ...shell('true'),
      rollout: { canary: 2, window: { percent: 20 } },
    })
    const { replies, counts } = await run.ended
    expect(counts.succeeded).toBe(agents)
    const times = [...replies.values()].map(({ sentAt = 0, endedAt = 0 }) => ({ sentAt, endedAt }))
    const underWayAt = (at: number) =>
      times.filter(({ sentAt, endedAt }) => sentAt <= at && endedAt > at).length
    for (const { sentAt } of times) expect(underWayAt(sentAt)).toBeLessThanOrEqual(10)
    const firstOthers = times.map(({ sentAt }) => sentAt).toSorted((one, other) => one - other)[2] ?? 0
    for (const agentId of run.state.steps[0] ?? [])
      expect(replies.get(agentId)?.endedAt).toBeLessThanOrEqual(firstOthers)
  })

  it('stops when its failures exceed what it allows, and starts nobody else', async () => {
    const run = await startRun(ours.master, {
      ...shell('case $EC2_COLLECTIVE_AGENT_ID in agent-1 | agent-6 | agent-7) exit 3 ;; esac'),
      rollout: { batch: { count: 5 }, maxFailures: { count: 1 } },
    })
    const { counts, stopReason } = await run.ended
    expect(counts).toMatchObject({ failed: 3, succeeded: 7, 'not-started': 40 })
    // The second step's first failure is one too many; its second one may have come with it.
    expect(stopReason).toMatch(/^[23] agents have failed$/)
  })

  it('starts no step while it is paused', async () => {
    const run = await startRun(ours.master, { ...shell('true'), rollout: { batch: { count: 25 } } })
    run.pause()
    await until(() => run.state.counts.succeeded === 25, 'the first step')
    expect(run.state).toMatchObject({ phase: 'paused', stepsStarted: 1 })
    const resumedAt = Date.now()
    run.resume()
    const { replies, steps } = await run.ended
    for (const agentId of steps[1] ?? []) {
      expect(replies.get(agentId)?.sentAt).toBeGreaterThanOrEqual(resumedAt)
    }
  })
})

describe('two masters that look around at the same time', () => {
  it('both find everybody', async () => {
    const others = await Promise.all([masters.open(environment), masters.open(environment)])
    await Promise.all(others.map(({ master }) => master.refresh()))
    for (const { master } of others) {
      expect(master.inventory.agents()).toHaveLength(agents)
      expect(master.reach({ filter: readFilter('role=db') }).agents).toHaveLength(agents / 2)
    }
  })
})

function shell(command: string): RunRequest {
  return { filter: everyone, action: { kind: 'shell', command }, timeoutMs: 60_000 }
}
