import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ReplyConsumer } from '../../../../src/master/replies/replyConsumer.ts'
import {
  describeReplyQueueWarning,
  type ReplyQueueWarning,
  sharedReplyFindings,
} from '../../../../src/master/replies/replyQueueWarning.ts'
import type { ReceivedReply } from '../../../../src/master/replies/replySorter.ts'
import { sealBody } from '../../../../src/protocol/envelope.ts'
import { defaultQueues } from '../../../../src/queues/environment.ts'
import { type QueueError, toQueueError } from '../../../../src/queues/queueError.ts'
import type { Queues, ReceivedMessage } from '../../../../src/queues/queues.ts'
import { queueTags, tagKeys } from '../../../../src/queues/queueTags.ts'
import { localize } from '../../../../src/text/localizable.ts'
import { inEnglish } from '../../../../src/text/translate.ts'
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
    onReplyQueue: () => {},
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

  describe('of a queue on which 300 replies wait, of which SQS brings two at a time', () => {
    it('never says that all is read while some wait, and reads with all its receivers', async () => {
      const waiting = waitingReplies(300)
      const consumer = consume(waiting.queues)
      await consumer.open()
      await until(() => {
        const isAll = consumer.hearing(Date.now()) === 'all'
        expect(isAll && waiting.left > 0).toBe(false)
        return waiting.left === 0
      }, 'the replies to be read')
      expect(waiting.mostAtOnce).toBe(8)
      await until(() => consumer.hearing(Date.now()) === 'all', 'the proof that all is read')
    })

    it('would say so too early if each answer that is not full counted as the end', async () => {
      const waiting = waitingReplies(300)
      const consumer = consume(endsWithShortAnswers(waiting.queues))
      await consumer.open()
      await until(() => consumer.hearing(Date.now()) === 'all', 'the false proof')
      expect(waiting.left).toBeGreaterThan(0)
    })
  })

  it('says nothing of its new queue that cannot be used yet, and receives as soon as it can', async () => {
    const warnings: unknown[] = []
    const kept: string[] = []
    const missing = queueError('missing-queue')
    const queues = playedQueues({ receive: answers(missing, missing, [ack('ours')]) })
    await consume(queues, {
      onWarning: (warning) => warnings.push(warning),
      deliver: async (replies) => {
        kept.push(...runIdsOf(replies))
        return replies.map(() => 'kept')
      },
    }).open()
    await until(() => kept.length > 0, 'the reply')
    expect(warnings).toEqual([])
  })

  it('says that the shared queue is missing, however young this master is', async () => {
    const warnings: unknown[] = []
    const queues = playedQueues({ receive: answers(queueError('missing-queue')) })
    await consume(queues, { replyQueue: 'shared', onWarning: (warning) => warnings.push(warning) }).open()
    await until(() => warnings.length > 0, 'the warning')
    expect(warnings[0]).toMatchObject({ kind: 'missing-queue' })
  })

  it.each([
    ['it may not create one', queueError('forbidden', 'testing_m1_agent')],
    ['the name of its own is not free yet', deletedRecently()],
  ])('says once that it shares a queue because %s, and what that costs', async (_, error) => {
    const said: string[] = []
    const consumer = consume(playedQueues({ create: () => Promise.reject(error) }), {
      onReplyQueue: (warning) => said.push(localize(describeReplyQueueWarning(warning), inEnglish)),
    })
    expect([await consumer.open(), await consumer.open()]).toEqual(['testing_agent', 'testing_agent'])
    expect(said).toHaveLength(1)
    expect(said[0]).toMatch(
      /Replies arrive on testing_agent, which all masters share: .* more requests .* 60 s/,
    )
  })

  it.each([
    ['it may not create one', queueError('forbidden', 'testing_m1_agent'), /administrator/, true],
    ['the name of its own is not free yet', deletedRecently(), /wait a minute/, false],
  ])('finds that it shares a queue because %s, and what to do', async (_, error, todo, isPolicy) => {
    const consumer = consume(playedQueues({ create: () => Promise.reject(error) }))
    await consumer.open()
    const [finding] = sharedReplyFindings(consumer.replyQueue)
    expect(finding && localize(finding.advice, inEnglish)).toMatch(todo)
    expect(finding?.fix !== undefined).toBe(isPolicy)
  })

  it('finds nothing where it has its own, was told to share, or has not decided', async () => {
    const own = consume(playedQueues())
    expect(sharedReplyFindings(own.replyQueue)).toEqual([])
    const told = consume(playedQueues(), { replyQueue: 'shared' })
    for (const consumer of [own, told]) {
      await consumer.open()
      expect(sharedReplyFindings(consumer.replyQueue)).toEqual([])
    }
  })

  it('creates its queue with tags of whose it is, and that it is in use', async () => {
    let tags: unknown
    const queues = playedQueues({
      async create(_queue, _settings, _signal, given) {
        tags = given
      },
    })
    await consume(queues, { owner: async () => 'arn:aws:iam::1:user/ada' }).open()
    expect(tags).toMatchObject({
      'ec2-collective:purpose': 'private-replies',
      'ec2-collective:owner': 'arn:aws:iam::1:user/ada',
      'ec2-collective:last-used': expect.stringMatching(/^20\d\d-\d\d-\d\dT[\d:.]+Z$/),
    })
  })

  it('uses a queue that is there without creating it: somebody else may have done that for it', async () => {
    const queues = playedQueues({
      tags: async () => ({}),
      create: () => Promise.reject(queueError('forbidden')),
    })
    expect(await consume(queues).open()).toBe('testing_m1_agent')
  })

  it.each([
    ['old', 21, 1],
    ['a few hours old', 12, 0],
    ['of the future', -48, 1],
  ])('marks its queue as used, where the mark is %s, once a day', async (_, hours, writes) => {
    const written: unknown[] = []
    const lastUsed = new Date(Date.now() - hours * 3600_000).toISOString()
    const environment = {
      name: 'testing',
      region: 'eu-west-1',
      protected: false,
      queues: defaultQueues('testing'),
    }
    const tags = { ...queueTags(environment, 'private-replies'), [tagKeys.lastUsed]: lastUsed }
    let polls = 0
    const queues = playedQueues({
      tags: async () => tags,
      tag: async (_queue, with_) => void written.push(Object.keys(with_)),
      receive: async (_queue, _options, signal) => {
        polls += 1
        return polls < 4 ? [] : untilAborted(signal)
      },
    })
    await consume(queues).open()
    await until(() => polls === 4, 'some receives')
    expect(written).toEqual(Array.from({ length: writes }, () => [tagKeys.lastUsed]))
  })

  it('creates its queue again when somebody has deleted it, as soon as the name is free, and says so once', async () => {
    const clock = vi.spyOn(performance, 'now')
    const warnings: ReplyQueueWarning[] = []
    const kept: string[] = []
    const deletion = deferred<void>()
    let creations = 0
    const consumer = consume(
      playedQueues({
        async create() {
          creations += 1
          if (creations === 2) throw deletedRecently()
        },
        receive: async (_queue, _options, signal) => {
          if (creations > 2) return kept.length === 0 ? [receivedBody(ack('ours'))] : untilAborted(signal)
          await deletion.promise
          throw queueError('missing-queue')
        },
      }),
      {
        onReplyQueue: (warning) => warnings.push(warning),
        deliver: async (replies) => {
          kept.push(...runIdsOf(replies))
          return replies.map(() => 'kept')
        },
      },
    )
    const opened = performance.now()
    await consumer.open()
    // Beyond what a new queue takes to be known.
    clock.mockImplementation(() => opened + 20_000)
    deletion.resolve()
    await until(() => kept.length > 0, 'the reply on the new queue')
    clock.mockRestore()
    expect(warnings).toEqual([{ kind: 'reply-queue-replaced', queue: 'testing_m1_agent' }])
    expect(creations).toBe(3)
  })

  it.each([
    ['is forbidden', () => Promise.reject(queueError('forbidden'))],
    ['is interrupted', (_queue: string, signal?: AbortSignal) => untilAborted(signal)],
  ])(
    'says what is left behind when deleting its queue %s, and that the run is not affected',
    async (_, deleteQueue) => {
      const said: string[] = []
      const consumer = consume(playedQueues({ deleteQueue }), {
        onReplyQueue: (warning) => said.push(localize(describeReplyQueueWarning(warning), inEnglish)),
      })
      await consumer.open()
      await consumer.close(true)
      await consumer.deleteQueue(AbortSignal.abort())
      expect(said).toEqual([
        expect.stringMatching(/testing_m1_agent is left behind: .*Your run is not affected/),
      ])
    },
  )

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

function deletedRecently(): QueueError {
  const failure = { queue: 'testing_m1_agent', action: 'sqs:CreateQueue', region: 'eu-west-1' }
  return toQueueError({ name: 'QueueDeletedRecently' }, failure)
}

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

/** A queue that shows each receive two of its messages, 5 ms later; its long polls wait when it is empty. */
function waitingReplies(count: number) {
  const bodies = Array.from({ length: count }, () => ack('ours'))
  let receiving = 0
  let mostAtOnce = 0
  const queues = playedQueues({
    receive: async (_queue, { waitSeconds }, signal) => {
      receiving += 1
      mostAtOnce = Math.max(mostAtOnce, receiving)
      await delay(5)
      receiving -= 1
      const brought = bodies.splice(0, 2)
      if (brought.length === 0 && waitSeconds > 0) await delay(50, undefined, { signal })
      return brought.map((body) => receivedBody(body, `${bodies.length}-${brought.length}`))
    },
  })
  return {
    queues,
    get left() {
      return bodies.length
    },
    get mostAtOnce() {
      return mostAtOnce
    },
  }
}

/** Takes away that only the empty answer of a poll counts: each answer that is not full is followed by an empty one. */
function endsWithShortAnswers(queues: Queues): Queues {
  let isShort = false
  return {
    ...queues,
    async receive(...request) {
      if (isShort) {
        isShort = false
        return []
      }
      const messages = await queues.receive(...request)
      isShort = messages.length < 10
      return messages
    },
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
