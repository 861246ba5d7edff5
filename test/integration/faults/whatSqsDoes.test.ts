import {
  ChangeMessageVisibilityBatchCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  type Message,
  type QueueAttributeName,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FaultProxy, startFaultProxy } from '../../support/faultProxy.ts'
import { type EntryFailure, entryFailures } from '../../support/faults/refusals.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

let sqs: SqsServer
let proxy: FaultProxy
let client: SQSClient
let QueueUrl: string

beforeAll(async () => {
  sqs = await startSqs()
})
afterAll(() => sqs.stop())

beforeEach(async (context) => {
  proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed: 7 })
  client = clientOf('ADA')
  QueueUrl = await create(context.task.id.replaceAll(/\W/g, '-'))
})
afterEach(async () => {
  client.destroy()
  await proxy.stop()
})

describe('a fault proxy, as SQS', () => {
  it('brings so few messages a receive as it is told, of hundreds, and the rest stays', async () => {
    await send(300)
    proxy.inject({ fault: { kind: 'few', most: [1, 9] } })
    const sizes: number[] = []
    const bodies = new Set<string | undefined>()
    while (bodies.size < 300) {
      const messages = await receive()
      sizes.push(messages.length)
      for (const { Body } of messages) bodies.add(Body)
    }
    expect(new Set(sizes).size).toBeGreaterThan(4)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(9)
    expect(await receive()).toEqual([])
  })

  it('keeps to one number of messages for a spell, if it is told so', async () => {
    await send(60)
    proxy.inject({ fault: { kind: 'few', most: [2, 9], spellMs: 3_600_000 } })
    const sizes = new Set<number>()
    for (let n = 0; n < 5; n += 1) sizes.add((await receive()).length)
    expect(sizes.size).toBe(1)
  })

  it('brings nothing at a short poll, although messages are there, and at a long poll brings them', async () => {
    await send(3)
    proxy.inject({ fault: { kind: 'empty' }, chance: 0.5 })
    let empty = 0
    for (let n = 0; n < 30; n += 1) if ((await receive({ VisibilityTimeout: 0 })).length === 0) empty += 1
    expect(empty).toBe(proxy.struck.empty)
    expect(empty).toBeGreaterThan(5)
    expect(empty).toBeLessThan(25)
    expect((await receive({ WaitTimeSeconds: 5 })).length).toBe(3)
  })

  it('counts what was there when somebody asked some time ago, and 0 before', async () => {
    await send(3)
    proxy.inject({ fault: { kind: 'lag', ms: 2_000 } })
    expect(await counted()).toBe('0')
    await until(async () => (await counted()) === '3', 'what was there first to be counted')
    await send(4)
    await until(async () => (await counted()) === '7', 'what was there later to be counted')
  })

  it('counts nothing at all, if it is told so', async () => {
    await send(3)
    proxy.inject({ fault: { kind: 'lag', ms: Number.POSITIVE_INFINITY } })
    for (let n = 0; n < 5; n += 1) expect(await counted()).toBe('0')
    expect((await receive()).length).toBe(3)
  })

  it.each(codesOf('SendMessageBatch'))(
    'fails single entries of a send by %s, and sends the others',
    async (as) => {
      proxy.inject({ fault: { kind: 'fail-entry', as }, chance: 0.5 })
      const Entries = Array.from({ length: 10 }, (_, n) => ({ Id: String(n), MessageBody: String(n) }))
      const { Successful = [], Failed = [] } = await client.send(
        new SendMessageBatchCommand({ QueueUrl, Entries }),
      )
      expect(new Set(Failed.map(({ Code }) => Code))).toEqual(new Set([as]))
      expect(Failed.length + Successful.length).toBe(10)
      const there = (await receive()).map(({ Body }) => Body)
      expect(there.toSorted()).toEqual(Successful.map(({ Id }) => Id).toSorted())
    },
  )

  it.each(codesOf('DeleteMessageBatch'))(
    'fails single entries of a delete by %s, and deletes the others',
    async (as) => {
      await send(10)
      const messages = await receive({ VisibilityTimeout: 0 })
      const lift = proxy.inject({ fault: { kind: 'fail-entry', as }, chance: 0.5 })
      const { Failed = [] } = await deleteAll(messages)
      lift()
      expect(new Set(Failed.map(({ Code }) => Code))).toEqual(new Set([as]))
      expect((await receive()).length).toBe(Failed.length)
    },
  )

  it.each(codesOf('ChangeMessageVisibilityBatch'))(
    'fails single entries of a change of visibility by %s, and changes the others',
    async (as) => {
      await send(10)
      const messages = await receive({ VisibilityTimeout: 300 })
      const lift = proxy.inject({ fault: { kind: 'fail-entry', as }, chance: 0.5 })
      const { Failed = [] } = await show(messages)
      lift()
      expect(new Set(Failed.map(({ Code }) => Code))).toEqual(new Set([as]))
      expect((await receive()).length).toBe(10 - Failed.length)
    },
  )

  it('says of entries whose message is gone what it is told to say', async () => {
    await send(2)
    const [gone, there] = await receive({ VisibilityTimeout: 300 })
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: gone?.ReceiptHandle }))
    const plain = await show([gone, there])
    expect(plain.Failed?.map(({ Id }) => Id)).toEqual(['0'])
    proxy.inject({ fault: { kind: 'gone-as', code: 'InvalidParameterValue' } })
    const { Failed = [] } = await show([gone])
    expect(Failed.map(({ Id, Code, SenderFault }) => [Id, Code, SenderFault])).toEqual([
      ['0', 'InvalidParameterValue', true],
    ])
  })

  it('says that a delete by an old handle worked, and does nothing', async () => {
    proxy.inject({ fault: { kind: 'old-handle' } })
    await send(1)
    const old = await receive({ VisibilityTimeout: 0 })
    const latest = await receive({ VisibilityTimeout: 0 })
    expect(await deleteAll(old)).toMatchObject({ Successful: [{ Id: '0' }] })
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: old[0]?.ReceiptHandle }))
    const after = await receive({ VisibilityTimeout: 0 })
    expect(after.map(({ Body }) => Body)).toEqual(latest.map(({ Body }) => Body))
    await deleteAll(after)
    expect(await receive()).toEqual([])
    expect(proxy.struck).toEqual({ 'old-handle': 2 })
  })

  it('does not know a queue for some time after it was made, and knows one that was there', async () => {
    proxy.inject({ fault: { kind: 'unready', ms: 500 } })
    const there = QueueUrl
    QueueUrl = await create('young')
    expect(await nameOf(send(1))).toBe('QueueDoesNotExist')
    expect(await nameOf(receive())).toBe('QueueDoesNotExist')
    // To make it again makes nothing.
    expect(await nameOf(create('young'))).toBe('fine')
    await until(async () => (await nameOf(send(1))) === 'fine', 'the queue to be there')
    QueueUrl = there
    await create(there.split('/').at(-1) ?? '')
    expect(await nameOf(send(1))).toBe('fine')
  })

  it('gives the name of a deleted queue back after some time only', async () => {
    proxy.inject({ fault: { kind: 'name-taken', ms: 500 } })
    const name = QueueUrl.split('/').at(-1) ?? ''
    await client.send(new DeleteQueueCommand({ QueueUrl }))
    expect(await nameOf(create(name))).toBe('QueueDeletedRecently')
    await until(async () => (await nameOf(create(name))) === 'fine', 'the name to be free')
  })

  it('tells attributes as they were, for some time after they were changed', async () => {
    const visibility = () => attribute('VisibilityTimeout')
    const change = (seconds: string) =>
      client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: seconds } }))
    await change('60')
    expect(await visibility()).toBe('60')
    proxy.inject({ fault: { kind: 'old-attributes', ms: 500 } })
    await change('120')
    await send(2)
    expect(await visibility()).toBe('60')
    expect(await counted()).toBe('2')
    await until(async () => (await visibility()) === '120', 'the change to be seen')
  })

  it('leaves attributes out, as other engines do', async () => {
    proxy.inject({ fault: { kind: 'untold', names: ['MaximumMessageSize'] } })
    expect(await attribute('MaximumMessageSize')).toBeUndefined()
    expect(await attribute('VisibilityTimeout')).toBe('30')
  })

  it('is far away for one caller: half of the time passes before the request reaches SQS', async () => {
    proxy.inject({ fault: { kind: 'far', ms: [400, 400] }, principals: ['ADA'] })
    const near = clientOf('BOB')
    const startedAt = performance.now()
    const sent = client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }))
    const [message] = await receive({ WaitTimeSeconds: 20 }, near)
    const seenAfterMs = performance.now() - startedAt
    await sent
    const answeredAfterMs = performance.now() - startedAt
    expect(message?.Body).toBe('x')
    expect(seenAfterMs).toBeGreaterThan(190)
    expect(answeredAfterMs).toBeGreaterThan(390)
    near.destroy()
  })

  describe('looks at the time of signatures', () => {
    const codes = [undefined, 'RequestTimeTooSkewed', 'RequestExpired', 'SignatureDoesNotMatch'] as const

    it.each(codes)('and refuses those that are more than five minutes off, by %s', async (as) => {
      proxy.inject({ fault: { kind: 'check-clock', ...(as === undefined ? {} : { as }) } })
      expect(await nameOf(counted())).toBe('fine')
      for (const offsetMs of [-600_000, 600_000]) {
        const lift = proxy.inject({ fault: { kind: 'clock', offsetMs } })
        const caller = clientOf('ADA')
        expect(await nameOf(counted(caller))).toBe(as ?? 'InvalidSignatureException')
        // The SDK has learned the time from that answer, which is why its client must be kept.
        expect(await nameOf(counted(caller))).toBe('fine')
        expect(await nameOf(counted(clientOf('ADA')))).toBe(as ?? 'InvalidSignatureException')
        lift()
      }
    })

    it('and takes those that are less off', async () => {
      proxy.inject({ fault: { kind: 'check-clock' } }, { fault: { kind: 'clock', offsetMs: 280_000 } })
      expect(await nameOf(counted())).toBe('fine')
      expect(proxy.struck['check-clock']).toBeUndefined()
    })
  })
})

function codesOf(operation: string): EntryFailure[] {
  return (Object.keys(entryFailures) as EntryFailure[]).filter((code) =>
    (entryFailures[code].of as readonly string[]).includes(operation),
  )
}

function clientOf(accessKeyId: string): SQSClient {
  return new SQSClient({
    ...{ region: 'eu-west-1', endpoint: proxy.endpoint, maxAttempts: 1, useQueueUrlAsEndpoint: false },
    credentials: { accessKeyId, secretAccessKey: 'test' },
  })
}

async function create(QueueName: string): Promise<string> {
  const { QueueUrl: url = '' } = await client.send(new CreateQueueCommand({ QueueName }))
  return url
}

async function send(count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 10) {
    const Entries = Array.from({ length: Math.min(10, count - sent) }, (_, n) => ({
      ...{ Id: String(n), MessageBody: String(sent + n) },
    }))
    await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }))
  }
}

async function receive(
  options: { WaitTimeSeconds?: number; VisibilityTimeout?: number } = {},
  caller = client,
): Promise<Message[]> {
  const receiving = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0, ...options }
  return (await caller.send(new ReceiveMessageCommand(receiving))).Messages ?? []
}

function deleteAll(messages: readonly Message[]) {
  const Entries = messages.map(({ ReceiptHandle }, id) => ({ Id: String(id), ReceiptHandle }))
  return client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
}

function show(messages: readonly (Message | undefined)[]) {
  const Entries = messages.map((message, id) => ({
    ...{ Id: String(id), ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout: 0 },
  }))
  return client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }))
}

async function attribute(name: QueueAttributeName, caller = client): Promise<string | undefined> {
  const { Attributes } = await caller.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [name, 'ApproximateNumberOfMessages'] }),
  )
  return Attributes?.[name]
}

function counted(caller = client): Promise<string | undefined> {
  return attribute('ApproximateNumberOfMessages', caller)
}

/** Name of what it rejects with; `fine` when it does not. */
async function nameOf(request: Promise<unknown>): Promise<string> {
  return request.then(
    () => 'fine',
    (error) => error.code ?? error.name,
  )
}
