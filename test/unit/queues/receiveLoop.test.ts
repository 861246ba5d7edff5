import { describe, expect, it } from 'vitest'
import { QueueError, type QueueErrorKind } from '../../../src/queues/queueError.ts'
import type { ReceivedMessage } from '../../../src/queues/queues.ts'
import { receiveLoop } from '../../../src/queues/receiveLoop.ts'

const options = { waitSeconds: 20, visibilitySeconds: 0 }

describe('receive loop', () => {
  it('gives what it receives, and is silent about empty answers', async () => {
    const abort = new AbortController()
    const queues = answering(abort, [['a'], [], [], ['b', 'c']])
    const got = await collect(receiveLoop(queues, 'testing_master', options, abort.signal))
    expect(got).toEqual([['a'], ['b', 'c']])
  })

  it('lives through trouble: waits as the kind of error asks for, says so once a failure, and says when it is over', async () => {
    const abort = new AbortController()
    const queues = answering(abort, ['throttled', 'network', ['a'], 'forbidden', ['b']])
    const told: (QueueErrorKind | 'fine')[] = []
    const waits: string[] = []
    const backOff = {
      next: (kind: QueueErrorKind) => waits.push(kind) * 0,
      reset: () => void waits.push('reset'),
    }
    const loop = receiveLoop(
      queues,
      'testing_master',
      { ...options, backOff, onWarning: (error) => told.push(error?.kind ?? 'fine') },
      abort.signal,
    )
    expect(await collect(loop)).toEqual([['a'], ['b']])
    expect(told).toEqual(['throttled', 'network', 'fine', 'forbidden', 'fine'])
    expect(waits).toEqual(['throttled', 'network', 'reset', 'forbidden', 'reset'])
  })

  it('ends without a word when it is aborted in the middle of a receive or of a wait', async () => {
    const receiving = new AbortController()
    const told: unknown[] = []
    const forever = {
      receive: (_queue: string, _options: object, signal?: AbortSignal) =>
        new Promise<ReceivedMessage[]>((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason))
        }),
    }
    const loop = receiveLoop(
      forever,
      'q',
      { ...options, onWarning: (error) => told.push(error) },
      receiving.signal,
    )
    const collected = collect(loop)
    receiving.abort()
    expect(await collected).toEqual([])
    expect(told).toEqual([])

    const waiting = new AbortController()
    const refused = { receive: () => Promise.reject(queueError('forbidden')) }
    const trouble = { ...options, onWarning: () => waiting.abort() }
    expect(await collect(receiveLoop(refused, 'q', trouble, waiting.signal))).toEqual([])
  })

  it('refuses to poll without waiting', async () => {
    const { signal } = new AbortController()
    const loop = receiveLoop({ receive: async () => [] }, 'q', { ...options, waitSeconds: 0 }, signal)
    await expect(loop.next()).rejects.toThrow('1 to 20 seconds')
  })

  it('does not hide an error of our own making', async () => {
    const broken = { receive: () => Promise.reject(new TypeError('a mistake')) }
    const loop = receiveLoop(broken, 'q', options, new AbortController().signal)
    await expect(loop.next()).rejects.toThrow('a mistake')
  })
})

/** Answers in turn; aborts when there is nothing more to say. */
function answering(abort: AbortController, answers: (string[] | QueueErrorKind)[]) {
  const left = [...answers]
  return {
    async receive(): Promise<ReceivedMessage[]> {
      const answer = left.shift()
      if (answer === undefined) abort.abort()
      abort.signal.throwIfAborted()
      if (typeof answer === 'string') throw queueError(answer)
      return (answer ?? []).map((body) => ({
        messageId: body,
        body,
        receiptHandle: body,
        sentAt: 0,
        senderId: undefined,
        receiveCount: 1,
      }))
    },
  }
}

function queueError(kind: QueueErrorKind): QueueError {
  const failure = { queue: 'testing_master', action: 'sqs:ReceiveMessage', region: 'eu-west-1' }
  return new QueueError(failure, kind, 'Code', 'no')
}

async function collect(loop: AsyncIterable<ReceivedMessage[]>): Promise<string[][]> {
  const got: string[][] = []
  for await (const messages of loop) got.push(messages.map(({ body }) => body))
  return got
}
