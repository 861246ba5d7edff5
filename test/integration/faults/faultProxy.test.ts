import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FaultProxy, startFaultProxy } from '../../support/faultProxy.ts'
import { type Refusal, refusals } from '../../support/faults/refusals.ts'
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
  proxy = await startFaultProxy({
    endpoint: sqs.endpoint,
    seed: 7,
    senderIds: { ADA: 'AIDA-ada', BOB: 'AIDA-bob' },
  })
  client = clientOf('ADA')
  QueueUrl = await createQueue(context.task.id.replaceAll(/\W/g, '-'))
})
afterEach(async () => {
  client.destroy()
  await proxy.stop()
})

describe('a fault proxy', () => {
  it('passes everything through while no fault is on', async () => {
    await send('one', 'two')
    expect(bodiesOf(await receive())).toEqual(['one', 'two'])
    expect(proxy.struck).toEqual({})
  })

  it('shows each principal as the sender of its own messages', async () => {
    const bob = clientOf('BOB')
    await send('by ada')
    await bob.send(new SendMessageCommand({ QueueUrl, MessageBody: 'by bob' }))
    const senders = (await receive()).map(({ Body, Attributes }) => `${Body}: ${Attributes?.SenderId}`)
    expect(senders.sort()).toEqual(['by ada: AIDA-ada', 'by bob: AIDA-bob'])
    bob.destroy()
  })

  it('lets the same seed decide the same for the same caller, and another seed something else', async () => {
    const fates = async (seed: number) => {
      const replay = await startFaultProxy({ endpoint: sqs.endpoint, seed })
      replay.inject({
        fault: { kind: 'refuse', as: 'ThrottlingException' },
        chance: 0.5,
        actions: ['GetQueueAttributes'],
      })
      const caller = clientOf('ADA', replay.endpoint)
      const fate: string[] = []
      for (let n = 0; n < 24; n += 1) fate.push(await nameOf(caller.send(attributes())))
      caller.destroy()
      await replay.stop()
      return fate.join()
    }
    const [first, second, other] = [await fates(1), await fates(1), await fates(2)]
    expect(second).toBe(first)
    expect(other).not.toBe(first)
    expect(new Set(first.split(','))).toEqual(new Set(['ThrottlingException', 'fine']))
  })

  it('meets only whom, what and where it is told, and ends when it is lifted', async () => {
    const lift = proxy.inject({
      fault: { kind: 'refuse', as: 'AccessDeniedException' },
      principals: ['BOB'],
      actions: ['SendMessage'],
      queue: /./,
    })
    const bob = clientOf('BOB')
    const say = (caller: SQSClient) => caller.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }))
    expect(await nameOf(say(client))).toBe('fine')
    expect(await nameOf(bob.send(attributes()))).toBe('fine')
    expect(await nameOf(say(bob))).toBe('AccessDeniedException')
    lift()
    expect(await nameOf(say(bob))).toBe('fine')
    bob.destroy()
  })

  it.each(Object.keys(refusals) as Refusal[])(
    'refuses by %s: so the SDK calls it, and SQS has done nothing',
    async (as) => {
      const lift = proxy.inject({ fault: { kind: 'refuse', as } })
      const sent = await nameOf(client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' })))
      expect(sent).toBe(as)
      lift()
      expect(await receive()).toEqual([])
      expect(proxy.struck).toEqual({ [as]: 1 })
    },
  )

  it('drops a request so that it never reaches SQS', async () => {
    const lift = proxy.inject({ fault: { kind: 'drop' } })
    expect(await nameOf(client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' })))).toBe(
      'ECONNRESET',
    )
    lift()
    expect(await receive()).toEqual([])
  })

  it('is out altogether for a while: also for those who wait in a long poll', async () => {
    const poll = nameOf(client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 })))
    await until(() => proxy.requests >= 2, 'the receive')
    const end = proxy.outage()
    expect(await poll).toBe('ECONNRESET')
    expect(await nameOf(client.send(attributes()))).toBe('ECONNRESET')
    end()
    expect(await nameOf(client.send(attributes()))).toBe('fine')
  })

  it('resets in the middle of an answer to what SQS has done', async () => {
    const lift = proxy.inject({ fault: { kind: 'cut', how: 'reset' } })
    expect(await nameOf(client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' })))).toBe(
      'ECONNRESET',
    )
    lift()
    expect(bodiesOf(await receive())).toEqual(['x'])
  })

  it('truncates an answer to what SQS has done', async () => {
    const lift = proxy.inject({ fault: { kind: 'cut', how: 'truncate' } })
    expect(await nameOf(client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' })))).toBe(
      'SyntaxError',
    )
    lift()
    expect(bodiesOf(await receive())).toEqual(['x'])
  })

  it('slows a request down', async () => {
    proxy.inject({ fault: { kind: 'slow', ms: [300, 300] } })
    const before = performance.now()
    await client.send(attributes())
    expect(performance.now() - before).toBeGreaterThan(290)
  })

  it('lets a message come late, after one that was sent later', async () => {
    const lift = proxy.inject({ fault: { kind: 'late', seconds: [5, 5] } })
    await send('first')
    lift()
    await send('second')
    expect(bodiesOf(await receive())).toEqual(['second'])
    expect(bodiesOf(await receive({ WaitTimeSeconds: 20 }))).toEqual(['first'])
  })

  it('fails single entries of a batch', async () => {
    proxy.inject({ fault: { kind: 'fail-entry' }, chance: 0.5 })
    const Entries = Array.from({ length: 10 }, (_, n) => ({ Id: String(n), MessageBody: String(n) }))
    const { Successful = [], Failed = [] } = await client.send(
      new SendMessageBatchCommand({ QueueUrl, Entries }),
    )
    expect(Failed.length).toBe(proxy.struck['fail-entry'])
    expect(Failed.length).toBeGreaterThan(0)
    expect(bodiesOf(await receive()).sort()).toEqual(Successful.map(({ Id }) => Id).sort())
  })

  it('shows a message twice in one answer', async () => {
    proxy.inject({ fault: { kind: 'twice' } })
    await send('x')
    const messages = await receive()
    expect(bodiesOf(messages)).toEqual(['x', 'x'])
    expect(new Set(messages.map(({ MessageId }) => MessageId)).size).toBe(1)
  })

  it('shows a message again later, although it is hidden or deleted', async () => {
    const lift = proxy.inject({ fault: { kind: 'again', afterMs: [200, 200] } })
    await send('x')
    const [message] = await receive()
    lift()
    await remove(message)
    const again = await receive({ WaitTimeSeconds: 5 })
    expect(again.map(({ MessageId }) => MessageId)).toEqual([message?.MessageId])
    expect(await receive({ WaitTimeSeconds: 1 })).toEqual([])
  })

  it('lets a deleted message come back until it is deleted again', async () => {
    const lift = proxy.inject({ fault: { kind: 'undelete', afterMs: [0, 0] } })
    await send('x')
    const [message] = await receive()
    await remove(message)
    lift()
    const [back] = await receive({ WaitTimeSeconds: 5, VisibilityTimeout: 0 })
    expect(back?.MessageId).toBe(message?.MessageId)
    expect(bodiesOf(await receive({ VisibilityTimeout: 0 }))).toEqual(['x'])
    await remove(back)
    expect(await receive()).toEqual([])
    expect(proxy.struck).toEqual({ undelete: 1 })
  })

  it('samples: a receive meets a part of the queue, and the rest stays', async () => {
    const bodies = Array.from({ length: 10 }, (_, n) => String(n))
    await send(...bodies)
    const lift = proxy.inject({ fault: { kind: 'sample' }, chance: 0.5 })
    const first = bodiesOf(await receive())
    lift()
    expect(first.length).toBe(10 - (proxy.struck.sample ?? 0))
    expect(first.length).toBeLessThan(10)
    const rest = bodiesOf(await receive())
    expect([...first, ...rest].sort()).toEqual(bodies)
  })

  it('shuffles the messages of an answer', async () => {
    const bodies = Array.from({ length: 10 }, (_, n) => String(n))
    await send(...bodies)
    proxy.inject({ fault: { kind: 'shuffle' } })
    const received = bodiesOf(await receive())
    expect(received).not.toEqual(bodies)
    expect(received.sort()).toEqual(bodies)
  })

  it('lets messages expire by a time, or by the retention of their queue', async () => {
    await send('old')
    const young = proxy.inject({ fault: { kind: 'expire' } })
    expect(bodiesOf(await receive({ VisibilityTimeout: 0 }))).toEqual(['old'])
    young()
    const lift = proxy.inject({ fault: { kind: 'expire', afterMs: 0 } })
    await until(async () => (await receive({ VisibilityTimeout: 0 })).length === 0, 'the message to expire')
    lift()
    expect(await receive()).toEqual([])
  })

  it('gives everything the one sender that it is told', async () => {
    proxy.inject({ fault: { kind: 'sender', senderId: 'AROA:i-0123456789abcdef0' } })
    await send('x')
    expect((await receive()).map(({ Attributes }) => Attributes?.SenderId)).toEqual([
      'AROA:i-0123456789abcdef0',
    ])
  })

  it('sets the clock of SQS as one caller sees it', async () => {
    const offsetMs = 3600_000
    proxy.inject({ fault: { kind: 'clock', offsetMs }, principals: ['ADA'] })
    await send('x')
    const bob = clientOf('BOB')
    const seen = async (caller: SQSClient) => {
      const [message] = await receive({ VisibilityTimeout: 0 }, caller)
      return Number(message?.Attributes?.SentTimestamp)
    }
    expect((await seen(client)) - (await seen(bob))).toBe(offsetMs)
    const dateOf = async (principal: string) => {
      const { headers } = await fetch(proxy.endpoint, {
        method: 'POST',
        headers: {
          'x-amz-target': 'AmazonSQS.ListQueues',
          'content-type': 'application/x-amz-json-1.0',
          authorization: `AWS4-HMAC-SHA256 Credential=${principal}/x`,
        },
        body: '{}',
      })
      return Date.parse(headers.get('date') ?? '')
    }
    const before = Date.now()
    const errorMs = (await dateOf('ADA')) - (await dateOf('BOB')) - offsetMs
    expect(Math.abs(errorMs)).toBeLessThan(2_000 + Date.now() - before)
    bob.destroy()
  })

  it('miscounts the messages of a queue', async () => {
    await send(...Array.from({ length: 10 }, (_, n) => String(n)))
    proxy.inject({ fault: { kind: 'miscount', by: 0.5 } })
    const counts = new Set<string | undefined>()
    for (let n = 0; n < 10; n += 1) {
      const { Attributes } = await client.send(attributes())
      counts.add(Attributes?.ApproximateNumberOfMessages)
    }
    expect(counts.size).toBeGreaterThan(1)
    for (const count of counts) expect(Number(count)).toSatisfy((n: number) => n >= 5 && n <= 15)
  })
})

function clientOf(accessKeyId: string, endpoint = proxy.endpoint): SQSClient {
  return new SQSClient({
    region: 'eu-west-1',
    endpoint,
    credentials: { accessKeyId, secretAccessKey: 'test' },
    maxAttempts: 1,
    useQueueUrlAsEndpoint: false,
  })
}

async function createQueue(name: string): Promise<string> {
  const { QueueUrl: url = '' } = await client.send(new CreateQueueCommand({ QueueName: name }))
  return url
}

function attributes(): GetQueueAttributesCommand {
  return new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] })
}

async function send(...bodies: string[]): Promise<void> {
  for (const body of bodies) await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body }))
}

async function receive(
  options: { WaitTimeSeconds?: number; VisibilityTimeout?: number } = {},
  caller = client,
): Promise<Message[]> {
  const { Messages = [] } = await caller.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ['All'],
      ...options,
    }),
  )
  return Messages
}

async function remove(message: Message | undefined): Promise<void> {
  await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }))
}

function bodiesOf(messages: readonly Message[]): (string | undefined)[] {
  return messages.map(({ Body }) => Body)
}

/** Name of what it rejects with; `fine` when it does not. */
async function nameOf(request: Promise<unknown>): Promise<string> {
  return request.then(
    () => 'fine',
    (error) => error.code ?? error.name,
  )
}
