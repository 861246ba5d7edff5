import { describe, expect, it } from 'vitest'
import type { QueueErrorKind } from '../../../src/queues/errorKind.ts'
import { QueueError } from '../../../src/queues/queueError.ts'
import type { Queues, ReceivedMessage, ReceiveOptions } from '../../../src/queues/queues.ts'
import { receiveLoop } from '../../../src/queues/receiveLoop.ts'
import { verbatim } from '../../../src/text/localizable.ts'
import { gatherWarnings } from '../../support/gatherWarnings.ts'

const options = () => ({ waitSeconds: 20, visibilitySeconds: 0 })

describe('receive loop', () => {
  it('gives what each receive brought, also when that is nothing', async () => {
    const abort = new AbortController()
    const queues = answering(abort, [['a'], [], [], ['b', 'c']])
    const got = await collect(receiveLoop(queues, 'testing_master', options, abort.signal))
    expect(got).toEqual([['a'], [], [], ['b', 'c']])
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
    const loop = receiveLoop(queues, 'testing_master', options, abort.signal, {
      backOff,
      onWarning: (error) => told.push(error?.kind ?? 'fine'),
    })
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
    const onWarning = (error: unknown) => told.push(error)
    const loop = receiveLoop(forever, 'q', options, receiving.signal, { onWarning })
    const collected = collect(loop)
    receiving.abort()
    expect(await collected).toEqual([])
    expect(told).toEqual([])

    const waiting = new AbortController()
    const refused = { receive: () => Promise.reject(queueError('forbidden')) }
    const trouble = { onWarning: () => waiting.abort() }
    expect(await collect(receiveLoop(refused, 'q', options, waiting.signal, trouble))).toEqual([])
  })

  it('asks for its options before each receive', async () => {
    const abort = new AbortController()
    const asked: ReceiveOptions[] = []
    const answers = answering(abort, [['a'], [], 'network', ['b']])
    const queues: Pick<Queues, 'receive'> = {
      receive: (_queue, receiveOptions) => {
        asked.push(receiveOptions)
        return answers.receive()
      },
    }
    let turn = 0
    const growing = () => ({ waitSeconds: ++turn, visibilitySeconds: 0 })
    const backOff = { next: () => 0, reset() {} }
    await collect(receiveLoop(queues, 'testing_master', growing, abort.signal, { backOff }))
    expect(asked.map(({ waitSeconds }) => waitSeconds)).toEqual([1, 2, 3, 4, 5])
  })

  it('refuses to poll without waiting', async () => {
    const { signal } = new AbortController()
    const none = () => ({ waitSeconds: 0, visibilitySeconds: 0 })
    const loop = receiveLoop({ receive: async () => [] }, 'q', none, signal)
    await expect(loop.next()).rejects.toThrow('must be 1 to 20')
  })

  it('tells a mistake of ours in a receive like any other failure, and goes on', async () => {
    const abort = new AbortController()
    const answers = answering(abort, [['a']])
    let isBroken = true
    const queues = {
      async receive() {
        if (!isBroken) return answers.receive()
        isBroken = false
        throw new TypeError('a mistake')
      },
    }
    const told: unknown[] = []
    const quick = { next: () => 0, reset() {} }
    const loop = receiveLoop(queues, 'q', options, abort.signal, {
      ...{ backOff: quick, onWarning: (error) => told.push(error?.cause) },
    })
    expect(await collect(loop)).toEqual([['a']])
    expect(told).toEqual([new TypeError('a mistake'), undefined])
  })

  it('goes on when whom it tells of failures throws, and says so as a warning of the process', async () => {
    const abort = new AbortController()
    const warnings = gatherWarnings()
    const loop = receiveLoop(
      answering(abort, ['network', ['a'], 'network', ['b']]),
      'q',
      options,
      abort.signal,
      {
        backOff: { next: () => 0, reset() {} },
        onWarning: () => {
          throw new Error('a broken listener')
        },
      },
    )
    expect(await collect(loop)).toEqual([['a'], ['b']])
    expect(await warnings.stop()).toHaveLength(4)
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
  return new QueueError(failure, kind, 'Code', verbatim('no'))
}

async function collect(loop: AsyncIterable<ReceivedMessage[]>): Promise<string[][]> {
  const got: string[][] = []
  for await (const messages of loop) got.push(messages.map(({ body }) => body))
  return got
}
