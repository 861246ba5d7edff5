import { describe, expect, it } from 'vitest'
import { EnvironmentStop, type EnvironmentStopParts } from '../../../src/master/environmentStop.ts'
import { Inventory } from '../../../src/master/fleet/inventory.ts'
import { openBody } from '../../../src/protocol/envelope.ts'
import type { CommandMessage } from '../../../src/protocol/messages.ts'
import { defaultQueues } from '../../../src/queues/environment.ts'
import { playedQueues } from '../../support/playedQueues.ts'

/** A stop among agents that execute these runs; nothing is received from the queues. */
function play(
  running: Readonly<Record<string, readonly string[]>>,
  send: (command: CommandMessage) => Promise<void> = async () => {},
  parts: Partial<EnvironmentStopParts> = {},
) {
  const now = 1_000
  const inventory = new Inventory(() => now)
  for (const [agentId, runs] of Object.entries(running)) {
    const facts = { agentId, hostname: agentId, environment: 'testing', version: '1', startedAt: 0 }
    inventory.recordFacts(
      { type: 'facts', ...facts, sentAt: now, intervalMs: 30_000, running: [...runs], facts: {} },
      now,
      agentId.startsWith('i-') ? `AROAAGENTS:${agentId}` : undefined,
    )
  }
  const sent: CommandMessage[] = []
  const receives = { count: 0 }
  const queues = playedQueues({
    receive: async () => {
      receives.count += 1
      return []
    },
    send: async (_queue, body) => {
      const { message } = openBody(body, 'command')
      await send(message)
      sent.push(message)
      return { messageId: message.runId }
    },
  })
  const environment = {
    name: 'testing',
    region: 'eu-west-1',
    protected: false,
    queues: defaultQueues('testing'),
  }
  const stop = new EnvironmentStop({
    ...{ environment, queues, inventory, issuer: { name: 'ada', host: 'laptop' }, signer: undefined },
    history: { has: async () => false, load: () => Promise.reject(new Error('not there')) },
    runs: { underWay: () => [] },
    replyTo: async () => 'testing_m-1_agent',
    refresh: async () => {},
    sqsNow: () => now,
    closed: new AbortController().signal,
    onWarning: () => {},
    ...parts,
  })
  return { stop, sent, receives }
}

const cancelled = (sent: readonly CommandMessage[]) =>
  sent.map(({ action }) => (action.kind === 'cancel' ? action.runId : action.kind))

describe('Stopping all runs of others', () => {
  it('asks every agent to stop each, and those that do not know it never to start it, without an answer', async () => {
    const { stop, sent } = play({ web1: ['run-00001'], web2: ['run-00001', 'run-00002'] })
    const { stopped, unknown } = await stop.stop(AbortSignal.abort())
    expect(cancelled(sent)).toEqual(['run-00001', 'run-00002'])
    expect(sent[0]).toMatchObject({ filter: '*', action: { kind: 'cancel', issuedAt: 0 } })
    expect(sent[0]).not.toHaveProperty('targets')
    expect(stopped.map(({ agents }) => agents.length)).toEqual([2, 1])
    expect(unknown).toHaveLength(2)
  })

  it('sends all other cancels when SQS refuses one, and then says so', async () => {
    const { stop, sent } = play({ web1: ['run-00001', 'run-00002', 'run-00003'] }, async ({ action }) => {
      if (action.kind === 'cancel' && action.runId === 'run-00002') throw new Error('refused')
    })
    await expect(stop.stop(new AbortController().signal)).rejects.toThrow('refused')
    expect(cancelled(sent)).toEqual(['run-00001', 'run-00003'])
  })

  it('begins with the runs of most agents, few at a time, whatever runs one agent makes up', async () => {
    const madeUp = Array.from({ length: 5_000 }, (_, n) => `made-up-${n}`)
    const { stop, sent } = play({ mallory: madeUp, web1: ['run-00001'], web2: ['run-00001'] })
    expect(stop.running()).toHaveLength(17)
    await stop.stop(AbortSignal.abort())
    expect(cancelled(sent)[0]).toBe('run-00001')
    // More than ten visible commands would hide one another.
    expect(sent).toHaveLength(6)
  })

  const ghosts = Object.fromEntries(
    Array.from({ length: 20 }, (_, n) => [
      `ghost-${n}`,
      Array.from({ length: 16 }, (_, run) => `made-up-${run}`),
    ]),
  )

  it('begins with the runs of agents that prove who they are, however many agents somebody makes up', async () => {
    const { stop, sent } = play({ ...ghosts, 'i-0123456789abcdef0': ['run-00001'] })
    await stop.stop(AbortSignal.abort())
    expect(cancelled(sent)[0]).toBe('run-00001')
  })

  it('names agents whose run could not be asked to stop before the end, because of runs that somebody made up', async () => {
    const { stop, sent } = play({ ...ghosts, web1: ['run-00001'] }, undefined, { sqsNow: () => 500 })
    const { running, unknown } = await stop.stop(AbortSignal.abort())
    expect(cancelled(sent)).not.toContain('run-00001')
    expect(running).toContainEqual({ agentId: 'web1', hostname: 'web1' })
    expect(unknown).toEqual([])
  })

  it('leaves its cancels on the queue when its watch is ended at once: agents must receive them', async () => {
    const { stop, sent, receives } = play({ web1: ['run-00001'] })
    await stop.stop(AbortSignal.abort())
    expect(sent).toHaveLength(1)
    // It takes a receive to delete a message.
    expect(receives.count).toBe(0)
  })

  it('names the agents that refuse, and takes what is about it for none of its runs', async () => {
    const { stop, sent } = play({ web1: ['run-00001'] })
    await stop.stop(AbortSignal.abort())
    const from = { agentId: 'web1', hostname: 'web1', sentAt: 0 }
    const refusal = { type: 'refusal', ...from, code: 'policy', reason: 'Not allowed.' } as const
    expect(stop.takes({ ...refusal, runId: 'run-of-somebody' }, undefined)).toBe(false)
    expect(stop.takes({ ...refusal, runId: sent[0]?.runId ?? '' }, undefined)).toBe(true)
    expect(stop.takes({ type: 'ack', ...from, runId: 'run-00001', state: 'started' }, undefined)).toBe(true)
    const { refused } = await stop.stop(AbortSignal.abort())
    expect(refused).toEqual([{ runId: 'run-00001', hostname: 'web1', reason: 'Not allowed.' }])
  })

  it('ends by itself when every agent has published facts since, in which nothing runs', async () => {
    const { stop } = play({})
    expect(await stop.stop(new AbortController().signal)).toEqual({
      ...{ stopped: [], refused: [], running: [], unknown: [] },
    })
  })
})
