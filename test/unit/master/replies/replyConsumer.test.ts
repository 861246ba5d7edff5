import { afterEach, describe, expect, it } from 'vitest'
import { ReplyConsumer } from '../../../../src/master/replies/replyConsumer.ts'
import type { ReceivedReply } from '../../../../src/master/replies/replySorter.ts'
import { sealBody } from '../../../../src/protocol/envelope.ts'
import { defaultQueues } from '../../../../src/queues/environment.ts'
import type { Queues, ReceivedMessage } from '../../../../src/queues/queues.ts'
import { deferred } from '../../../support/deferred.ts'
import { gatherWarnings } from '../../../support/gatherWarnings.ts'
import { everyInterleaving } from '../../../support/interleavings.ts'
import { playedQueues, queueError, receivedBody, untilAborted } from '../../../support/playedQueues.ts'
import { until } from '../../../support/until.ts'

type Options = ConstructorParameters<typeof ReplyConsumer>[0]

const opened: ReplyConsumer[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((consumer) => consumer.close(true)))
})

function consume(queues: Queues, parts: Partial<Options> = {}): ReplyConsumer {
  const environment = {
    ...{ name: 'testing', region: 'eu-west-1', protected: false },
    queues: defaultQueues('testing'),
  }
  const consumer = new ReplyConsumer({
    ...{ environment, queues, masterId: 'm1' },
    isExpecting: () => true,
    deliver: async (replies) => replies.map(() => 'kept'),
    onUnreadable: () => {},
    onForeign: () => {},
    onWarning: () => {},
    ...parts,
  })
  opened.push(consumer)
  return consumer
}

describe('The reply consumer', () => {
  it('goes on receiving when whom it tells of unreadable bodies, of foreign replies and of trouble throws', async () => {
    const warnings = gatherWarnings()
    const kept: string[] = []
    const fail = () => {
      throw new Error('a broken listener')
    }
    const queues = playedQueues({
      receive: answers(['not a reply'], queueError('network'), [ack('foreign')], [ack('ours')]),
    })
    await consume(queues, {
      ...{ onUnreadable: fail, onForeign: fail, onWarning: fail },
      deliver: async (replies) => {
        kept.push(...runIdsOf(replies))
        return replies.map(({ reply }) => (reply.runId === runs.foreign ? 'foreign' : 'kept'))
      },
    }).open()
    await until(() => kept.includes(runs.ours), 'the last reply')
    expect(kept).toEqual([runs.foreign, runs.ours])
    expect((await warnings.stop()).filter((text) => text.includes('a broken listener'))).toHaveLength(4)
  })

  it('leaves with SQS what could not be delivered, and takes what comes next', async () => {
    const warnings = gatherWarnings()
    const deleted: string[] = []
    let isBroken = true
    const queues = playedQueues({
      receive: answers([ack('first')], [ack('first'), ack('second')]),
      delete: async (_queue, messages) => void deleted.push(...messages.map(({ messageId }) => messageId)),
    })
    await consume(queues, {
      deliver: async (replies) => {
        if (isBroken) {
          isBroken = false
          throw new Error('a mistake')
        }
        return replies.map(() => 'kept')
      },
    }).open()
    await until(() => deleted.length > 0, 'the replies to be deleted')
    expect(deleted).toEqual([ack('first'), ack('second')])
    expect(await warnings.stop()).toEqual([expect.stringContaining('a mistake')])
  })

  it('looks for its queue once for all who open it at the same time', async () => {
    let created = 0
    const consumer = consume(playedQueues({ create: async () => void created++ }))
    expect(new Set(await Promise.all([consumer.open(), consumer.open()])).size).toBe(1)
    await consumer.open()
    expect(created).toBe(1)
  })

  it('that could not be opened is opened by the next who asks', async () => {
    let isAway = true
    const consumer = consume(
      playedQueues({
        create: async () => {
          if (isAway) throw queueError('network')
        },
      }),
    )
    await expect(Promise.all([consumer.open(), consumer.open()])).rejects.toMatchObject({ kind: 'network' })
    isAway = false
    expect(await consumer.open()).toMatch(/^testing_/)
  })

  it('receives one at a time, and nothing once it is closed, whatever comes between', async () => {
    const orders = await everyInterleaving(async (stage) => {
      let receiving = 0
      let most = 0
      const queues = playedQueues({
        create: () => stage.pause('creates its queue'),
        receive: async (_queue, _options, signal) => {
          receiving += 1
          most = Math.max(most, receiving)
          return untilAborted(signal).finally(() => {
            receiving -= 1
          })
        },
      })
      const consumer = consume(queues)
      stage.act('opens', () => consumer.open())
      stage.act('opens again', () => consumer.open())
      stage.act('closes', () => consumer.close(true))
      await stage.play()
      await new Promise(setImmediate)
      expect({ receiving, isOneAtATime: most <= 1 }).toEqual({ receiving: 0, isOneAtATime: true })
    })
    expect(orders.length).toBeGreaterThan(5)
  })

  it('ends its receive by a message to itself, which it takes before it ends', async () => {
    const poll = deferred<ReceivedMessage[]>()
    const deleted: string[] = []
    let polls = 0
    const consumer = consume(
      playedQueues({
        receive: async (_queue, _options, signal) => {
          polls += 1
          return polls === 1 ? poll.promise : untilAborted(signal)
        },
        send: async (_queue, body) => {
          poll.resolve([receivedBody(body, 'farewell')])
          return { messageId: 'farewell' }
        },
        delete: async (_queue, messages) => void deleted.push(...messages.map(({ messageId }) => messageId)),
      }),
      { deliver: async (replies) => replies.map(() => 'foreign') },
    )
    await consumer.open()
    await until(() => polls === 1, 'the long poll')
    await consumer.close(false)
    expect({ deleted, polls }).toEqual({ deleted: ['farewell'], polls: 1 })
  })
})

/** Each receive gets the next of these, the last one waits. */
function answers(...all: (string[] | Error)[]): Queues['receive'] {
  const left = [...all]
  return async (_queue, _options, signal) => {
    const next = left.shift()
    if (next === undefined) return untilAborted(signal)
    if (next instanceof Error) throw next
    return next.map((body) => receivedBody(body))
  }
}

function ack(run: keyof typeof runs): string {
  return sealBody({ type: 'ack', runId: runs[run], agentId: 'a', hostname: 'a', sentAt: 1, state: 'started' })
}

const runs = {
  foreign: '11111111-1111-4111-8111-111111111111',
  first: '22222222-2222-4222-8222-222222222222',
  second: '33333333-3333-4333-8333-333333333333',
  ours: '44444444-4444-4444-8444-444444444444',
}

function runIdsOf(replies: readonly ReceivedReply[]): string[] {
  return replies.map(({ reply }) => reply.runId)
}
