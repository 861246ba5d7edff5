import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callerIdentity } from '../../../src/queues/callerIdentity.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { createQueues, type Queues, type ReceivedMessage } from '../../../src/queues/queues.ts'
import { receiveLoop } from '../../../src/queues/receiveLoop.ts'
import { createSender } from '../../../src/queues/sender.ts'
import { requestsSince } from '../../support/requestsSince.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'

let sqs: SqsServer
let queues: Queues

beforeAll(async () => {
  sqs = await startSqs()
  queues = sqs.connect()
})
afterAll(() => sqs.stop())

describe('queues', () => {
  it('bring a body through a queue, with the time and the sender by SQS', async () => {
    const { replies } = (await sqs.environment('through')).queues
    const before = Date.now()
    const { messageId } = await queues.send(replies, 'grüße')
    const [message] = await queues.receive(replies, { waitSeconds: 1, visibilitySeconds: 30 })
    expect(message).toMatchObject({
      messageId,
      body: 'grüße',
      senderId: expect.stringMatching(/./),
      receiveCount: 1,
    })
    expect(Math.abs((message?.sentAt ?? 0) - Date.now())).toBeLessThan(10_000)
    expect(Math.abs(queues.clockOffsetMs ?? Number.NaN)).toBeLessThan(2_000 + Date.now() - before)
  })

  it('show a message to everybody who receives it with visibility 0, and to nobody while it is hidden', async () => {
    const { commands } = (await sqs.environment('broadcast')).queues
    await queues.send(commands, 'to all')
    const everybody = { waitSeconds: 1, visibilitySeconds: 0 }
    const seen = await Promise.all(
      Array.from({ length: 5 }, () => sqs.connect().receive(commands, everybody)),
    )
    expect(bodies(seen.flat())).toEqual(Array(5).fill('to all'))

    const hidden = await queues.receive(commands, { waitSeconds: 1, visibilitySeconds: 60 })
    expect(await queues.receive(commands, { waitSeconds: 0, visibilitySeconds: 0 })).toEqual([])
    await queues.release(commands, hidden)
    expect(bodies(await queues.receive(commands, everybody))).toEqual(['to all'])
  })

  it('delete by batches of ten', async () => {
    const { replies } = (await sqs.environment('deleting')).queues
    const sender = createSender(queues, replies, { signal: new AbortController().signal })
    await Promise.all(Array.from({ length: 25 }, (_, index) => sender.send(`${index}`)))
    const before = queues.requests
    const received: ReceivedMessage[] = []
    while (received.length < 25) {
      received.push(...(await queues.receive(replies, { waitSeconds: 1, visibilitySeconds: 30 })))
    }
    await queues.delete(replies, received)
    expect(requestsSince(before, queues.requests).byOperation.DeleteMessageBatch).toEqual({
      requests: 3,
      billed: 3,
    })
    expect(await queues.attributes(replies)).toMatchObject({ visible: 0, notVisible: 0 })
    expect(bodies(received).sort()).toEqual(Array.from({ length: 25 }, (_, index) => `${index}`).sort())
  })

  it('tell the outcome of each entry of a batch', async () => {
    const { replies } = (await sqs.environment('entries')).queues
    const outcomes = await queues.sendBatch(replies, ['fine', 'not\0fine', 'x'.repeat(70_000)])
    expect(outcomes).toMatchObject([
      { messageId: expect.any(String) },
      { error: { kind: 'invalid', code: 'InvalidMessageContents' } },
      { error: { kind: 'invalid' } },
    ])
  })

  it('bill by 64 KB, in both directions', async () => {
    const { replies } = (await sqs.environment('billing')).queues
    await queues.setAttributes(replies, { maximumMessageSize: 1_048_576 })
    const before = queues.requests
    await queues.send(replies, 'x'.repeat(200_000))
    await queues.receive(replies, { waitSeconds: 1, visibilitySeconds: 0 })
    expect(requestsSince(before, queues.requests).byOperation).toMatchObject({
      SendMessage: { requests: 1, billed: 4 },
      ReceiveMessage: { requests: 1, billed: 4 },
    })
  })

  it('read a queue’s own size limit once, and again after changing it', async () => {
    const { facts } = (await sqs.environment('limits')).queues
    expect(await queues.maximumMessageSize(facts)).toBe(65_536)
    const before = queues.requests
    expect(await queues.maximumMessageSize(facts)).toBe(65_536)
    expect(requestsSince(before, queues.requests).requests).toBe(0)
    await queues.setAttributes(facts, { maximumMessageSize: 1_024 })
    expect(await queues.maximumMessageSize(facts)).toBe(1_024)
  })

  it('create a queue that exists already with the same settings, list it, delete it, and delete it again', async () => {
    const settings = {
      visibilitySeconds: 30,
      retentionSeconds: 345_600,
      maximumMessageSize: 262_144,
      waitSeconds: 20,
    }
    await queues.create('private_ada_agent', settings)
    await queues.create('private_ada_agent', settings)
    expect(await queues.attributes('private_ada_agent')).toMatchObject(settings)
    expect(await queues.listQueues('private_')).toEqual(['private_ada_agent'])
    await queues.deleteQueue('private_ada_agent')
    await queues.deleteQueue('private_ada_agent')
    expect(await queues.listQueues('private_')).toEqual([])
  })

  it('say which queue is missing', async () => {
    await expect(queues.send('nowhere_master', 'x')).rejects.toMatchObject({
      kind: 'missing-queue',
      message: expect.stringContaining('Queue nowhere_master does not exist'),
    })
  })

  it('tell who the credentials belong to', async () => {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    const identity = await callerIdentity({ region: 'eu-west-1', endpoint: sqs.endpoint, credentials })
    expect(identity).toEqual({
      arn: expect.stringMatching(/^arn:aws:(iam|sts)::\d{12}:/),
      account: identity.arn.split(':')[4],
      userId: expect.stringMatching(/./),
    })
  })
})

describe('receive loop on a queue', () => {
  it('finds a message within a long poll, and ends when it is aborted', async () => {
    const { commands } = (await sqs.environment('loop')).queues
    const abort = new AbortController()
    const got: string[] = []
    const options = () => ({ waitSeconds: 20, visibilitySeconds: 30 })
    const loop = receiveLoop(queues, commands, options, abort.signal)
    const done = (async () => {
      for await (const messages of loop) {
        got.push(...bodies(messages))
        if (got.length === 2) abort.abort()
        else await queues.send(commands, 'second')
      }
    })()
    await queues.send(commands, 'first')
    await done
    expect(got).toEqual(['first', 'second'])
  })

  it('lives through the death and return of its queue', async () => {
    const { commands } = (await sqs.environment('revived')).queues
    const abort = new AbortController()
    const told: (string | undefined)[] = []
    await queues.deleteQueue(commands)
    const loop = receiveLoop(
      queues,
      commands,
      () => ({ waitSeconds: 1, visibilitySeconds: 0 }),
      abort.signal,
      {
        backOff: { next: () => 0, reset() {} },
        onWarning: (error) => {
          if (error !== undefined && told.length === 0) void sqs.environment('revived')
          if (told.at(-1) !== error?.kind) told.push(error?.kind)
          if (error === undefined) abort.abort()
        },
      },
    )
    for await (const _ of loop);
    expect(told).toEqual(['missing-queue', undefined])
  })
})

describe('sender on a queue', () => {
  it('brings a thousand bodies over in some hundred requests', async () => {
    const { facts } = (await sqs.environment('thousand')).queues
    const own = connect(await sqs.environment('thousand'))
    const sender = createSender(own, facts, { signal: new AbortController().signal })
    await Promise.all(Array.from({ length: 1000 }, (_, index) => sender.send(`${index}`)))
    expect((await queues.attributes(facts)).visible).toBe(1000)
    expect(own.requests.byOperation.SendMessageBatch?.requests).toBe(100)
    own.close()
  })
})

/** An environment is a connection. */
function connect(environment: Environment): Queues {
  return createQueues(environment)
}

function bodies(messages: readonly ReceivedMessage[]): string[] {
  return messages.map(({ body }) => body)
}
