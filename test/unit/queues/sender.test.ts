import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { QueueErrorKind } from '../../../src/queues/errorKind.ts'
import { QueueError, toQueueError } from '../../../src/queues/queueError.ts'
import type { SendOutcome } from '../../../src/queues/queues.ts'
import { createSender } from '../../../src/queues/sender.ts'
import { verbatim } from '../../../src/text/localizable.ts'

const maxBatchBytes = 1024 * 1024
const impatient = { next: () => 0, reset() {} }

describe('sender', () => {
  it('sends everything that is said in one turn in batches of ten', async () => {
    const { queues, batches } = accepting()
    const sender = createSender(queues, 'q', { signal: new AbortController().signal })
    await Promise.all(Array.from({ length: 23 }, (_, index) => sender.send(`body ${index}`)))
    expect(batches.map((batch) => batch.length)).toEqual([10, 10, 3])
  })

  it('keeps a batch within 1 MiB', async () => {
    const { queues, batches } = accepting()
    const sender = createSender(queues, 'q', { signal: new AbortController().signal })
    const large = 'x'.repeat(300 * 1024)
    await Promise.all(Array.from({ length: 7 }, () => sender.send(large)))
    expect(batches.map((batch) => batch.length)).toEqual([3, 3, 1])
  })

  it('gets every body through exactly once in the end, whatever fails on the way', async () => {
    const anyFault = fc.constantFrom('none', 'request', 'entries', 'request', 'none' as const)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 500_000 }), { minLength: 1, maxLength: 40 }),
        fc.infiniteStream(anyFault),
        async (sizes, faults) => {
          const accepted: string[] = []
          const queues = {
            async sendBatch(_queue: string, bodies: readonly string[]): Promise<SendOutcome[]> {
              expect(bodies.length).toBeLessThanOrEqual(10)
              const bytes = bodies.reduce((sum, body) => sum + body.length, 0)
              expect(bytes <= maxBatchBytes || bodies.length === 1).toBe(true)
              await nextTurn()
              const fault = faults.next().value
              if (fault === 'request') throw queueError('throttled')
              return bodies.map((body, index) => {
                if (fault === 'entries' && index % 2 === 0) return { error: queueError('network') }
                accepted.push(body)
                return { messageId: 'm' }
              })
            },
          }
          const sender = createSender(queues, 'q', {
            signal: new AbortController().signal,
            backOff: impatient,
          })
          const bodies = sizes.map((size, index) => `${index}`.padEnd(size, '.'))
          await Promise.all(bodies.map((body) => sender.send(body)))
          await sender.idle()
          expect(accepted.sort()).toEqual([...bodies].sort())
          expect(sender.waiting).toEqual({ bodies: 0, bytes: 0 })
        },
      ),
      { numRuns: 30 },
    )
  })

  it('finds the one body that spoils a batch, and sends the others', async () => {
    const queues = {
      async sendBatch(_queue: string, bodies: readonly string[]): Promise<SendOutcome[]> {
        if (bodies.includes('bad')) throw queueError('invalid')
        return bodies.map(() => ({ messageId: 'm' }))
      },
    }
    const sender = createSender(queues, 'q', { signal: new AbortController().signal, backOff: impatient })
    const outcomes = await Promise.allSettled(['good', 'bad', 'fine'].map((body) => sender.send(body)))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })

  it('gives up a body that SQS calls invalid, and no other', async () => {
    const queues = {
      sendBatch: async (_queue: string, bodies: readonly string[]): Promise<SendOutcome[]> =>
        bodies.map((body) => (body === 'bad' ? { error: queueError('invalid') } : { messageId: 'm' })),
    }
    const sender = createSender(queues, 'q', { signal: new AbortController().signal, backOff: impatient })
    const outcomes = await Promise.allSettled(['good', 'bad'].map((body) => sender.send(body)))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  })

  it.each([
    'KMS.AccessDeniedException',
    'KMS.DisabledException',
    'KMS.InvalidStateException',
    'KMS.NotFoundException',
    'KMS.ThrottlingException',
  ])('keeps a body until the key of its queue can be used again: %s', async (Code) => {
    const failure = { queue: 'q', action: 'sqs:SendMessage', region: 'eu-west-1' }
    let refusals = 0
    const queues = {
      async sendBatch(_queue: string, bodies: readonly string[]): Promise<SendOutcome[]> {
        refusals += 1
        const error = toQueueError({ Code, SenderFault: true, Message: 'no' }, failure)
        if (refusals === 1) throw error
        return bodies.map(() => (refusals < 4 ? { error } : { messageId: 'm' }))
      },
    }
    const sender = createSender(queues, 'q', { signal: new AbortController().signal, backOff: impatient })
    await sender.send('promised')
    expect(refusals).toBe(4)
  })

  it('tells of trouble and of its end, and tries one batch at a time meanwhile', async () => {
    let failures = 3
    let underWay = 0
    const parallelWhileTroubled: number[] = []
    const told: string[] = []
    const queues = {
      async sendBatch(_queue: string, bodies: readonly string[]): Promise<SendOutcome[]> {
        underWay += 1
        if (failures < 3 && failures > 0) parallelWhileTroubled.push(underWay)
        await nextTurn()
        underWay -= 1
        if (failures-- > 0) throw queueError('missing-queue')
        return bodies.map(() => ({ messageId: 'm' }))
      },
    }
    const sender = createSender(queues, 'q', {
      signal: new AbortController().signal,
      parallel: 1,
      backOff: impatient,
      onWarning: (error) => told.push(error?.kind ?? 'fine'),
    })
    await Promise.all(Array.from({ length: 30 }, (_, index) => sender.send(`${index}`)))
    expect(told).toEqual(['missing-queue', 'missing-queue', 'missing-queue', 'fine'])
    expect(parallelWhileTroubled).toEqual([1, 1])
  })

  it('gives up what its owner says is hopeless', async () => {
    const queues = { sendBatch: () => Promise.reject(queueError('missing-queue')) }
    const sender = createSender(queues, 'q', {
      signal: new AbortController().signal,
      backOff: impatient,
      giveUp: ({ kind }) => kind === 'missing-queue',
    })
    await expect(sender.send('body')).rejects.toMatchObject({ kind: 'missing-queue' })
  })

  it('does not hide an error of our own making', async () => {
    const queues = { sendBatch: () => Promise.reject(new TypeError('a mistake')) }
    const sender = createSender(queues, 'q', { signal: new AbortController().signal })
    await expect(sender.send('body')).rejects.toThrow('a mistake')
  })

  it('lets go of everything when its signal aborts: under way, waiting for its turn, and said later', async () => {
    const abort = new AbortController()
    const queues = { sendBatch: () => Promise.reject(queueError('network')) }
    const sender = createSender(queues, 'q', { signal: abort.signal, onWarning: () => abort.abort() })
    const sent = Array.from({ length: 25 }, (_, index) => sender.send(`${index}`))
    const outcomes = await Promise.allSettled([...sent, sender.idle()])
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(25)
    await expect(sender.send('late')).rejects.toBe(abort.signal.reason)
    expect(sender.waiting.bodies).toBe(0)
  })
})

function accepting() {
  const batches: (readonly string[])[] = []
  const queues = {
    async sendBatch(_queue: string, bodies: readonly string[]): Promise<SendOutcome[]> {
      batches.push(bodies)
      return bodies.map(() => ({ messageId: 'm' }))
    },
  }
  return { queues, batches }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function queueError(kind: QueueErrorKind): QueueError {
  return new QueueError(
    { queue: 'q', action: 'sqs:SendMessage', region: 'eu-west-1' },
    kind,
    'Code',
    verbatim('no'),
  )
}
