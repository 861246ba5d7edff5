import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLog } from '../../../../agent/src/log/log.ts'
import { Deliveries } from '../../../../agent/src/replies/deliveries.ts'
import { Outbox } from '../../../../agent/src/replies/outbox.ts'
import { Spool } from '../../../../agent/src/store/spool.ts'
import { openBody, sealBody } from '../../../../src/protocol/envelope.ts'
import type { CommandMessage } from '../../../../src/protocol/messages.ts'
import { everyInterleaving, type Stage } from '../../../support/interleavings.ts'
import { playedQueues } from '../../../support/playedQueues.ts'

const runId = '11111111-1111-4111-8111-111111111111'
const replyTo = 'testing_agent'
const log = createLog('error', () => {}, Date.now)
let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'deliveries-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** An agent's way to SQS, which takes its time on the stage. */
function outboxOn(stage: Stage) {
  const ending = new AbortController()
  /** Kinds of the messages that SQS has taken. */
  const taken: string[] = []
  const queues = playedQueues({
    async sendBatch(_queue, bodies, signal) {
      await stage.pause('SQS')
      signal?.throwIfAborted()
      taken.push(...bodies.map((body) => openBody(body, 'reply').message.type))
      return bodies.map(() => ({ messageId: 'taken' }))
    },
  })
  const outbox = new Outbox(queues, {
    signal: ending.signal,
    log,
    isOwn: () => true,
    isThrowAway: () => false,
  })
  return { outbox, taken, end: () => ending.abort(new Error('the agent has ended')) }
}

describe('A reply', () => {
  it('is delivered, and that is recorded, exactly when SQS has all of it, in whatever order it is written, sent and the agent ends', {
    timeout: 60_000,
  }, async () => {
    const ends = new Set<string>()
    await everyInterleaving(
      async (stage) => {
        const { outbox, taken, end } = outboxOn(stage)
        const recorded: string[] = []
        const journal = { delivered: (id: string) => void recorded.push(id) }
        const spool = new Spool(mkdtempSync(join(directory, 'spool-')), () => Number.POSITIVE_INFINITY)
        const context = { from: { agentId: 'agent-1', hostname: 'host' }, log, now: () => 1 }
        const deliveries = new Deliveries(context, journal, spool, outbox)
        const { writer, deliver } = deliveries.open({ runId, replyTo } as CommandMessage, 1_000)
        stage.act('is written', async () => {
          deliver()
          writer.write({ stream: 1, bytes: Buffer.from('out') })
          await writer.flush()
          await stage.pause('the command')
          await writer.finish({ kind: 'exited', code: 0 }, 5)
        })
        stage.act('the agent ends', async () => {
          const delivered = deliveries.close()
          await stage.pause('the farewell')
          end()
          await delivered
        })
        const played = await stage.play()
        for (const each of Object.values(played)) expect(each.status).toBe('fulfilled')
        // Its frame and its result.
        const isDelivered = taken.length === 2
        expect(recorded).toEqual(isDelivered ? [runId] : [])
        // What is not delivered is left to the next process.
        expect(deliveries.isDue(runId)).toBe(!isDelivered)
        ends.add(isDelivered ? 'delivered' : 'left')
      },
      { usesDisk: true },
    )
    expect(ends).toEqual(new Set(['delivered', 'left']))
  })
})

describe('A message of an agent that ends', () => {
  it('is sent, or said not to be, and nothing waits for ever: in whatever order', async () => {
    await everyInterleaving(async (stage) => {
      const { outbox, taken, end } = outboxOn(stage)
      const body = ackOf('22222222-2222-4222-8222-222222222222')
      stage.act('send', () => outbox.send(replyTo, body))
      stage.act('offer', () => outbox.offer(replyTo, ackOf(runId)))
      stage.act('end', () => end())
      const { send, offer } = await stage.play()
      stage.act('rest', () => outbox.idle())
      await stage.play()
      const sent =
        (send?.status === 'fulfilled' ? 1 : 0) + (offer?.status === 'fulfilled' && offer.value ? 1 : 0)
      expect(taken).toHaveLength(sent)
    })
  })
})

function ackOf(id: string): string {
  return sealBody({ type: 'ack', runId: id, agentId: 'a', hostname: 'a', sentAt: 1, state: 'started' })
}
