import { once } from 'node:events'
import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
  TagQueueCommand,
} from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type SqsServer, startSqsServer } from '../../../../src/localFleet/sqs/httpServer.ts'

let server: SqsServer
let client: SQSClient

/** The SDK as it comes, which checks each MD5. */
function connect(accessKeyId = 'AKIAADA', region = 'eu-west-1'): SQSClient {
  const credentials = { accessKeyId, secretAccessKey: 'secret' }
  return new SQSClient({ region, endpoint: `http://127.0.0.1:${server.port}`, credentials, maxAttempts: 1 })
}

beforeEach(async () => {
  server = await startSqsServer()
  client = connect()
})
afterEach(async () => {
  client.destroy()
  await server.close()
})

async function newQueue(name = 'testing', Attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes }))
  return QueueUrl
}

describe('queues', () => {
  it('are created with the attributes of SQS, found, listed and deleted', async () => {
    const QueueUrl = await newQueue('testing_master', { VisibilityTimeout: '0' })
    expect(QueueUrl).toBe(`http://127.0.0.1:${server.port}/000000000000/testing_master`)
    expect(await client.send(new GetQueueUrlCommand({ QueueName: 'testing_master' }))).toMatchObject({
      QueueUrl,
    })
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    )
    expect(Attributes).toMatchObject({
      QueueArn: 'arn:aws:sqs:eu-west-1:000000000000:testing_master',
      VisibilityTimeout: '0',
      MessageRetentionPeriod: '345600',
      MaximumMessageSize: '1048576',
      ApproximateNumberOfMessages: '0',
      CreatedTimestamp: expect.stringMatching(/^\d{10}$/),
    })
    await newQueue('other')
    const list = new ListQueuesCommand({ QueueNamePrefix: 'testing_' })
    expect((await client.send(list)).QueueUrls).toEqual([QueueUrl])
    await client.send(new DeleteQueueCommand({ QueueUrl }))
    expect((await client.send(list)).QueueUrls ?? []).toEqual([])
    await expect(client.send(new DeleteQueueCommand({ QueueUrl }))).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
      Code: 'AWS.SimpleQueueService.NonExistentQueue',
    })
  })

  it('are listed page by page, and have tags', async () => {
    for (const name of ['page_c', 'page_a', 'page_b']) await newQueue(name)
    const pages: string[][] = []
    let NextToken: string | undefined
    do {
      const list = new ListQueuesCommand({ QueueNamePrefix: 'page_', MaxResults: 2, NextToken })
      const page = await client.send(list)
      pages.push((page.QueueUrls ?? []).map((url) => url.slice(url.lastIndexOf('/') + 1)))
      NextToken = page.NextToken
    } while (NextToken !== undefined)
    expect(pages).toEqual([['page_a', 'page_b'], ['page_c']])
    const { QueueUrl } = await client.send(
      new CreateQueueCommand({ QueueName: 'page_d', tags: { owner: 'ada' } }),
    )
    await client.send(new TagQueueCommand({ QueueUrl, Tags: { 'cost:center': '4 2', owner: 'bob' } }))
    expect((await client.send(new ListQueueTagsCommand({ QueueUrl }))).Tags).toEqual({
      owner: 'bob',
      'cost:center': '4 2',
    })
    for (const wrong of ['a;b', 'x'.repeat(257)])
      await expect(client.send(new TagQueueCommand({ QueueUrl, Tags: { wrong } }))).rejects.toMatchObject({
        name: 'InvalidParameterValue',
      })
  })

  it('are created again with the same attributes only', async () => {
    await newQueue('twice', { VisibilityTimeout: '0' })
    await newQueue('twice', { VisibilityTimeout: '0' })
    await newQueue('twice')
    await expect(newQueue('twice', { VisibilityTimeout: '1' })).rejects.toMatchObject({
      name: 'QueueNameExists',
    })
  })

  it('are those of one region', async () => {
    await newQueue('testing')
    const elsewhere = connect('AKIAADA', 'us-east-1')
    await expect(elsewhere.send(new GetQueueUrlCommand({ QueueName: 'testing' }))).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
    })
    elsewhere.destroy()
  })

  it('take changes of their attributes, and give an attribute up for an empty value', async () => {
    const QueueUrl = await newQueue('testing', { RedrivePolicy: '{"maxReceiveCount":1}' })
    const set = (Attributes: Record<string, string>) =>
      client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }))
    await set({ RedrivePolicy: '', VisibilityTimeout: '7' })
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['RedrivePolicy', 'VisibilityTimeout'] }),
    )
    expect(Attributes).toEqual({ VisibilityTimeout: '7' })
    await expect(set({ VisibilityTimeout: '43201' })).rejects.toMatchObject({ name: 'InvalidAttributeValue' })
    await expect(set({ Colour: 'red' })).rejects.toMatchObject({ name: 'InvalidAttributeName' })
  })

  it('have names of at most 80 letters, digits, hyphens and underscores', async () => {
    await expect(newQueue('a b')).rejects.toMatchObject({ Code: 'InvalidParameterValue' })
    await expect(newQueue('x'.repeat(81))).rejects.toMatchObject({ Code: 'InvalidParameterValue' })
  })
})

describe('messages', () => {
  it('pass with the digests that the SDK checks, and with their system attributes', async () => {
    const QueueUrl = await newQueue()
    const sent = await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'grüße\n' }))
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ['All'] }),
    )
    expect(Messages).toMatchObject([
      {
        ...{ MessageId: sent.MessageId, Body: 'grüße\n' },
        Attributes: { ApproximateReceiveCount: '1', SenderId: expect.stringMatching(/^AIDA[0-9A-F]{17}$/) },
      },
    ])
    const ReceiptHandle = Messages[0]?.ReceiptHandle
    await client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }))
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
    expect((await client.send(new ReceiveMessageCommand({ QueueUrl }))).Messages).toBeUndefined()
  })

  it('bear the user of the key that sent them, which does not tell the key', async () => {
    const QueueUrl = await newQueue()
    const senders: (string | undefined)[] = []
    for (const key of ['AKIAADA', 'AKIAADA', 'AKIAGRACE']) {
      const other = connect(key)
      await other.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }))
      const received = await other.send(
        new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ['SenderId'] }),
      )
      senders.push(received.Messages?.[0]?.Attributes?.SenderId)
      other.destroy()
    }
    expect(senders[0]).toBe(senders[1])
    expect(senders[0]).not.toBe(senders[2])
    expect(senders.join()).not.toContain('ADA')
  })

  it('are refused when they are empty, too large, or of characters that SQS does not take', async () => {
    const QueueUrl = await newQueue('small', { MaximumMessageSize: '1024' })
    const send = (MessageBody: string) => client.send(new SendMessageCommand({ QueueUrl, MessageBody }))
    await expect(send('')).rejects.toMatchObject({ Code: 'MissingParameter' })
    await expect(send('é'.repeat(513))).rejects.toMatchObject({ Code: 'InvalidParameterValue' })
    await expect(send('\0')).rejects.toMatchObject({ name: 'InvalidMessageContents' })
    await send('é'.repeat(512))
  })

  it('wait in a long poll until one comes', async () => {
    const QueueUrl = await newQueue()
    const waiting = client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }))
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'at last' }))
    expect((await waiting).Messages?.map(({ Body }) => Body)).toEqual(['at last'])
  })

  it('stay for others when a caller has gone while it waited', async () => {
    const QueueUrl = await newQueue()
    const receive = vi.spyOn(server.store.find('eu-west-1', 'testing').messages, 'receive')
    const gone = new AbortController()
    const waiting = client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), {
      abortSignal: gone.signal,
    })
    await vi.waitFor(() => expect(receive).toHaveBeenCalled())
    gone.abort()
    await expect(waiting).rejects.toThrow()
    const signal = receive.mock.calls[0]?.[1] as AbortSignal
    if (!signal.aborted) await once(signal, 'abort')
    const other = connect()
    await other.send(new SendMessageCommand({ QueueUrl, MessageBody: 'kept' }))
    const { Messages } = await other.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }))
    expect(Messages?.map(({ Body }) => Body)).toEqual(['kept'])
    other.destroy()
  })
})

describe('batches', () => {
  it('tell the outcome of each entry', async () => {
    const QueueUrl = await newQueue()
    const Entries = ['fine', 'not\0fine', 'fine too'].map((MessageBody, Id) => ({ Id: `${Id}`, MessageBody }))
    const sent = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }))
    expect(sent.Successful?.map(({ Id }) => Id)).toEqual(['0', '2'])
    expect(sent.Failed).toMatchObject([{ Id: '1', SenderFault: true, Code: 'InvalidMessageContents' }])
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    )
    expect(Messages.map(({ Body, MessageId }) => [Body, MessageId])).toEqual([
      ['fine', sent.Successful?.[0]?.MessageId],
      ['fine too', sent.Successful?.[1]?.MessageId],
    ])
    const handles = [...Messages.map(({ ReceiptHandle }) => ReceiptHandle), 'no handle']
    const shown = handles.map((ReceiptHandle, Id) => ({ Id: `${Id}`, ReceiptHandle, VisibilityTimeout: 0 }))
    const changed = await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries: shown }))
    expect(changed.Failed).toMatchObject([{ Id: '2', Code: 'ReceiptHandleIsInvalid' }])
    const again = await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries: shown }))
    expect(again.Failed?.map(({ Code }) => Code)).toEqual([
      ...['InvalidParameterValue', 'InvalidParameterValue', 'ReceiptHandleIsInvalid'],
    ])
    const gone = handles.map((ReceiptHandle, Id) => ({ Id: `${Id}`, ReceiptHandle }))
    const deleted = await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: gone }))
    expect(deleted.Successful?.map(({ Id }) => Id)).toEqual(['0', '1'])
  })

  it('are refused as a whole when they are no batch', async () => {
    const QueueUrl = await newQueue()
    const refusal = async (entries: [id: string, body: string][]) => {
      const Entries = entries.map(([Id, MessageBody]) => ({ Id, MessageBody }))
      return client.send(new SendMessageBatchCommand({ QueueUrl, Entries })).catch(({ name }) => name)
    }
    expect(await refusal([])).toBe('EmptyBatchRequest')
    expect(await refusal(Array.from({ length: 11 }, (_, id) => [`${id}`, 'x']))).toBe(
      'TooManyEntriesInBatchRequest',
    )
    expect(
      await refusal([
        ['a', 'x'],
        ['a', 'y'],
      ]),
    ).toBe('BatchEntryIdsNotDistinct')
    expect(await refusal([['a b', 'x']])).toBe('InvalidBatchEntryId')
    expect(
      await refusal([
        ['a', 'x'.repeat(600_000)],
        ['b', 'x'.repeat(600_000)],
      ]),
    ).toBe('BatchRequestTooLong')
  })
})

describe('requests', () => {
  const post = async (init: RequestInit) =>
    fetch(`http://127.0.0.1:${server.port}/`, { method: 'POST', ...init })

  it('that are none of SQS are refused with what is wrong', async () => {
    const target = (name: string) => ({ 'x-amz-target': `AmazonSQS.${name}` })
    expect(await (await post({ headers: target('AddPermission'), body: '{}' })).json()).toMatchObject({
      __type: 'com.amazonaws.sqs#UnknownOperationException',
    })
    expect(await (await post({ headers: target('GetQueueUrl'), body: '{' })).json()).toMatchObject({
      __type: 'com.amazonaws.sqs#SerializationException',
    })
    expect(await (await post({ headers: target('GetQueueUrl'), body: '{}' })).json()).toMatchObject({
      message: 'The request must contain the parameter QueueName.',
    })
    const wrong = await post({
      headers: target('ReceiveMessage'),
      body: '{"QueueUrl":"q","MaxNumberOfMessages":11}',
    })
    expect(wrong.headers.get('x-amzn-query-error')).toBe('InvalidParameterValue;Sender')
  })

  it('of a server with a key are taken with that key alone', async () => {
    const closed = await startSqsServer({ accessKeyId: 'LOCALKEY', rejection: 'Not yours.' })
    const answer = await fetch(`http://127.0.0.1:${closed.port}/`, {
      method: 'POST',
      body: 'Action=GetCallerIdentity',
    })
    expect(answer.status).toBe(403)
    expect(await answer.json()).toMatchObject({ message: 'Not yours.' })
    await closed.close()
  })

  it('for the identity are answered as STS does', async () => {
    const authorization =
      'AWS4-HMAC-SHA256 Credential=AKIAADA/20260101/eu-west-1/sts/aws4_request, Signature=0'
    const answer = await post({
      headers: { authorization },
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
    })
    expect(await answer.text()).toMatch(/<UserId>AIDA[0-9A-F]{17}<\/UserId><Account>000000000000<\/Account>/)
  })
})
