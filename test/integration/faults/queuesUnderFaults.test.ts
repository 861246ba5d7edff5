import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest'
import { createBackOff } from '../../../src/queues/backOff.ts'
import type { QueueError } from '../../../src/queues/queueError.ts'
import { createQueues, type Queues, type ReceivedMessage } from '../../../src/queues/queues.ts'
import { receiveLoop } from '../../../src/queues/receiveLoop.ts'
import { createSender } from '../../../src/queues/sender.ts'
import { type FaultProxy, startFaultProxy } from '../../support/faultProxy.ts'
import type { Rule } from '../../support/faults/faultPlan.ts'
import { faultSeed } from '../../support/faults/seed.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

/** A bad day: about every third request fails, in all ways. */
const badDay: readonly Rule[] = [
  { fault: { kind: 'refuse', as: 'ThrottlingException' }, chance: 0.06 },
  { fault: { kind: 'refuse', as: 'InternalFailure' }, chance: 0.06 },
  { fault: { kind: 'refuse', as: 'ServiceUnavailableException' }, chance: 0.06 },
  { fault: { kind: 'refuse', as: 'ExpiredTokenException' }, chance: 0.03 },
  { fault: { kind: 'drop' }, chance: 0.05 },
  { fault: { kind: 'cut', how: 'reset' }, chance: 0.05 },
  { fault: { kind: 'cut', how: 'truncate' }, chance: 0.05 },
  { fault: { kind: 'slow', ms: [0, 30] }, chance: 0.2 },
  { fault: { kind: 'fail-entry' }, chance: 0.1 },
  { fault: { kind: 'twice' }, chance: 0.1 },
  { fault: { kind: 'again', afterMs: [0, 500] }, chance: 0.1 },
  { fault: { kind: 'undelete', afterMs: [0, 500] }, chance: 0.1 },
  { fault: { kind: 'sample' }, chance: 0.2 },
  { fault: { kind: 'shuffle' } },
]

/** So that a test of many failures takes seconds. */
const quick = { next: () => 5, reset() {} }
const patient = { waitSeconds: 1, visibilitySeconds: 30 }

let sqs: SqsServer
let proxy: FaultProxy
let queues: Queues
let queue: string
let abort: AbortController

beforeAll(async () => {
  sqs = await startSqs()
})
afterAll(() => sqs.stop())

beforeEach(async (context: TestContext) => {
  proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed: faultSeed(context) })
  const credentials = { accessKeyId: 'ADA', secretAccessKey: 'test' }
  queues = createQueues({ region: 'eu-west-1', endpoint: proxy.endpoint, credentials })
  queue = context.task.id.replaceAll(/\W/g, '-')
  await queues.create(queue, { visibilitySeconds: 30, retentionSeconds: 3600 })
  abort = new AbortController()
})
afterEach(async () => {
  abort.abort()
  queues.close()
  await proxy.stop()
})

describe('a sender on a bad day', () => {
  it('brings every body to SQS, however often that takes', async () => {
    proxy.inject(...badDay)
    const sender = createSender(queues, queue, { signal: abort.signal, backOff: quick })
    const bodies = Array.from({ length: 300 }, (_, n) => `body ${n}`)
    await Promise.all(bodies.map((body) => sender.send(body)))
    expect(sender.waiting).toEqual({ bodies: 0, bytes: 0 })
    const direct = sqs.connect()
    const found = new Set<string>()
    for (;;) {
      const messages = await direct.receive(queue, { waitSeconds: 0, visibilitySeconds: 60 })
      if (messages.length === 0) break
      for (const { body } of messages) found.add(body)
    }
    expect(found).toEqual(new Set(bodies))
  })

  it('waits out an outage, and says when it begins and when it is over', async () => {
    const told: (string | undefined)[] = []
    const onWarning = (error: QueueError | undefined) => told.push(error?.kind)
    const sender = createSender(queues, queue, { signal: abort.signal, backOff: quick, onWarning })
    const end = proxy.outage()
    const sent = sender.send('x')
    await until(() => told.length >= 3, 'trouble to be told three times')
    end()
    await sent
    await until(() => told.at(-1) === undefined, 'the end of trouble to be told')
    expect(new Set(told.slice(0, -1))).toEqual(new Set(['network']))
  })
})

describe('a receive loop on a bad day', () => {
  it('meets every message, and never ends by itself', async () => {
    const direct = sqs.connect()
    const bodies = Array.from({ length: 100 }, (_, n) => `body ${n}`)
    for (let n = 0; n < bodies.length; n += 10) await direct.sendBatch(queue, bodies.slice(n, n + 10))
    proxy.inject(...badDay)
    const missing = new Set(bodies)
    const options = () => ({ ...patient, visibilitySeconds: 1 })
    for await (const messages of receiveLoop(queues, queue, options, abort.signal, { backOff: quick })) {
      for (const { body } of messages) missing.delete(body)
      await queues.delete(queue, messages, abort.signal).catch(() => {})
      if (missing.size === 0) abort.abort()
    }
    expect(missing.size).toBe(0)
  })

  it('is back as soon as SQS is', async () => {
    const told: (string | undefined)[] = []
    const received: ReceivedMessage[] = []
    const onWarning = (error: QueueError | undefined) => told.push(error?.kind)
    const listening = (async () => {
      const told = { backOff: quick, onWarning }
      for await (const messages of receiveLoop(queues, queue, () => patient, abort.signal, told))
        received.push(...messages)
    })()
    await until(() => proxy.requests > 1, 'a receive')
    const end = proxy.outage()
    await until(() => told.length >= 3, 'trouble to be told three times')
    await sqs.connect().send(queue, 'x')
    end()
    await until(() => received.length > 0, 'the message')
    expect(told.at(-1)).toBeUndefined()
    abort.abort()
    await listening
  })

  it('waits longer and longer while SQS throttles, instead of asking on and on', async () => {
    proxy.inject({ fault: { kind: 'refuse', as: 'ThrottlingException' }, actions: ['ReceiveMessage'] })
    const waits: number[] = []
    const real = createBackOff(() => 0)
    const backOff = {
      next(kind: QueueError['kind']) {
        waits.push(real.next(kind))
        return 1
      },
      reset: real.reset,
    }
    const loop = receiveLoop(queues, queue, () => patient, abort.signal, { backOff })
    const next = loop.next()
    await until(() => waits.length >= 7, 'seven failures')
    abort.abort()
    await next
    expect(waits.slice(0, 7)).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000])
  })

  it('ends at once when it is told to, in the midst of trouble', async () => {
    proxy.outage()
    // It would pause for longer than a test may take.
    let pauses = 0
    const next = () => {
      pauses += 1
      return 600_000
    }
    const backOff = { next, reset() {} }
    const loop = receiveLoop(queues, queue, () => patient, abort.signal, { backOff })
    const over = loop.next()
    await until(() => pauses === 1, 'a failure')
    abort.abort()
    expect(await over).toEqual({ done: true, value: undefined })
  })
})

describe('queues under faults', () => {
  it('give a message that is twice in one answer once', async () => {
    await queues.send(queue, 'x')
    proxy.inject({ fault: { kind: 'twice' } })
    expect(await queues.receive(queue, patient)).toHaveLength(1)
    expect(proxy.struck.twice).toBe(1)
  })

  it.each([
    ['ThrottlingException', 'throttled'],
    ['InternalFailure', 'network'],
    ['ServiceUnavailableException', 'network'],
    ['ExpiredTokenException', 'credentials'],
    ['AccessDeniedException', 'forbidden'],
    ['RequestTimeTooSkewed', 'credentials'],
    ['QueueDoesNotExist', 'missing-queue'],
  ] as const)('call %s by its kind, %s', async (as, kind) => {
    await queues.attributes(queue)
    proxy.inject({ fault: { kind: 'refuse', as } })
    await expect(queues.receive(queue, patient)).rejects.toMatchObject({
      kind,
      queue,
      action: 'sqs:ReceiveMessage',
    })
  })

  it.each([{ kind: 'drop' }, { kind: 'cut', how: 'reset' }, { kind: 'cut', how: 'truncate' }] as const)(
    'call an answer that does not come, or not whole, trouble of the network: %o',
    async (fault) => {
      await queues.attributes(queue)
      proxy.inject({ fault })
      await expect(queues.receive(queue, patient)).rejects.toMatchObject({ kind: 'network' })
    },
  )

  it('measure the clock of SQS, whatever the own one says', async () => {
    proxy.inject({ fault: { kind: 'clock', offsetMs: 3600_000 } })
    const before = Date.now()
    await queues.attributes(queue)
    // HTTP's date is one of whole seconds, and may be as old as the answer took.
    const errorMs = (queues.clockOffsetMs ?? 0) - 3600_000
    expect(Math.abs(errorMs)).toBeLessThan(1_500 + Date.now() - before)
  })

  it('ask again for what may pass by itself', async () => {
    await queues.send(queue, 'x')
    const messages = await queues.receive(queue, patient)
    const lift = proxy.inject({ fault: { kind: 'drop' }, actions: ['DeleteMessageBatch'] })
    const deleted = queues.delete(queue, messages)
    await until(() => proxy.struck.drop === 1, 'a failure')
    lift()
    await deleted
    expect(await queues.attributes(queue)).toMatchObject({ visible: 0, notVisible: 0 })
  })
})
