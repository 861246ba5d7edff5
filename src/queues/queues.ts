import {
  ChangeMessageVisibilityBatchCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  TagQueueCommand,
} from '@aws-sdk/client-sqs'
import { meaningOfFailure } from './failedEntries.ts'
import {
  type QueueAttributes,
  type QueueSettings,
  type QueueTags,
  readAttributes,
  writeSettings,
} from './queueAttributes.ts'
import type { QueueError } from './queueError.ts'
import type { RequestCounts } from './requestCounts.ts'
import { createRequester } from './requester.ts'
import type { SqsSend } from './sdkInternals.ts'
import { createSettling } from './settling.ts'
import type { Connection } from './sqsClient.ts'

/**
 * SQS by queue names. Every method rejects with a `QueueError`, or with the signal's reason once it aborts. Receiving and
 * sending batches are tried once, as their callers loop; everything else up to three times, so a message may arrive twice.
 */
export interface Queues {
  /** One long poll of `waitSeconds` (0 to 20). A message that is twice in one response is returned once. */
  receive(queue: string, options: ReceiveOptions, signal?: AbortSignal): Promise<ReceivedMessage[]>
  /** @param tries default 3 */
  send(queue: string, body: string, signal?: AbortSignal, tries?: number): Promise<{ messageId: string }>
  /** Up to 10 bodies of 1 MiB in total. One outcome per body, in order; rejects when all failed together. */
  sendBatch(queue: string, bodies: readonly string[], signal?: AbortSignal): Promise<SendOutcome[]>
  /** Deletes messages. An outdated receipt handle is not an error. */
  delete(queue: string, messages: readonly ReceivedMessage[], signal?: AbortSignal): Promise<void>
  /** Makes received messages visible to others again at once. */
  release(queue: string, messages: readonly ReceivedMessage[], signal?: AbortSignal): Promise<void>
  /** The queue's limit for one message, bytes; 64 KB where the engine does not tell it. Read at most once in ten minutes. */
  maximumMessageSize(queue: string, signal?: AbortSignal): Promise<number>
  attributes(queue: string, signal?: AbortSignal): Promise<QueueAttributes>
  /** Succeeds also when it exists with these settings. A new queue can be used after one second. Tags need sqs:TagQueue. */
  create(queue: string, settings: QueueSettings, signal?: AbortSignal, tags?: QueueTags): Promise<void>
  /** Takes effect within 60 s, retention within 15 min. */
  setAttributes(queue: string, settings: QueueSettings, signal?: AbortSignal): Promise<void>
  tags(queue: string, signal?: AbortSignal): Promise<QueueTags>
  /** Adds these tags, or changes their values. */
  tag(queue: string, tags: QueueTags, signal?: AbortSignal): Promise<void>
  /** Succeeds also when it does not exist. The name can be used again after 60 s. */
  deleteQueue(queue: string, signal?: AbortSignal): Promise<void>
  /** Names of the queues that begin with `prefix`. */
  listQueues(prefix: string, signal?: AbortSignal): Promise<string[]>
  /** The counts so far; the object does not change. */
  readonly requests: RequestCounts
  /** SQS's clock minus ours, ± 500 ms; undefined before the first answer. */
  readonly clockOffsetMs: number | undefined
  close(): void
}

export interface ReceiveOptions {
  readonly waitSeconds: number
  /** How long received messages are hidden from others; 0 on a broadcast queue. */
  readonly visibilitySeconds: number
  /** 1 to 10, default 10. */
  readonly max?: number
}

export interface ReceivedMessage {
  readonly messageId: string
  readonly body: string
  readonly receiptHandle: string
  /** `SentTimestamp`: milliseconds, SQS's clock. */
  readonly sentAt: number
  /** Set by AWS: `AIDA…`, `AROA…:session`, `AROA…:i-…`. */
  readonly senderId: string | undefined
  readonly receiveCount: number
}

export type SendOutcome = { readonly messageId: string } | { readonly error: QueueError }

const batchSize = 10
const sizeIsGoodForMs = 10 * 60_000
/** What queues of our set-up accept, bytes: assumed where an engine does not tell its limit. */
const usualLimitBytes = 64 * 1024

/** @param meaningOf what a failed delete or release of one message means */
export function createQueues(connection: Connection, meaningOf = meaningOfFailure): Queues {
  const requester = createRequester(connection)
  const { once, attempt, urlOf } = requester
  const settle = createSettling<ReceivedMessage>(requester, meaningOf)
  const sizes = new Map<string, { readonly bytes: number; readonly readAt: number }>()

  async function attributes(queue: string, signal?: AbortSignal): Promise<QueueAttributes> {
    const url = await urlOf(queue, signal)
    const { Attributes = {} } = await attempt('GetQueueAttributes', queue, signal, (send) =>
      send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] })),
    )
    return readAttributes(Attributes)
  }

  return {
    async receive(queue, { waitSeconds, visibilitySeconds, max = batchSize }, signal) {
      const url = await urlOf(queue, signal)
      const command = new ReceiveMessageCommand({
        QueueUrl: url,
        WaitTimeSeconds: waitSeconds,
        VisibilityTimeout: visibilitySeconds,
        MaxNumberOfMessages: max,
        MessageSystemAttributeNames: ['SenderId', 'SentTimestamp', 'ApproximateReceiveCount'],
      })
      const receive = async (send: SqsSend) => {
        const { Messages = [] } = await send(command)
        // With visibility 0 one response can contain a message twice; only the later handle can delete it.
        return [...new Map(Messages.map((message) => [message.MessageId, received(message)])).values()]
      }
      return once('ReceiveMessage', queue, signal, receive, waitSeconds * 1000)
    },

    async send(queue, body, signal, tries) {
      const command = new SendMessageCommand({ QueueUrl: await urlOf(queue, signal), MessageBody: body })
      const work = (send: SqsSend) => send(command)
      const { MessageId: messageId = '' } = await attempt('SendMessage', queue, signal, work, tries)
      return { messageId }
    },

    async sendBatch(queue, bodies, signal) {
      const url = await urlOf(queue, signal)
      const entries = bodies.map((body, index) => ({ Id: String(index), MessageBody: body }))
      const { Successful = [], Failed = [] } = await once('SendMessage', queue, signal, (send) =>
        send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries })),
      )
      const sent = new Map(Successful.map(({ Id, MessageId }) => [Id, MessageId]))
      const failed = new Map(Failed.map((entry) => [entry.Id, entry]))
      return entries.map(({ Id }) => {
        const messageId = sent.get(Id)
        if (messageId !== undefined) return { messageId }
        const cause = failed.get(Id) ?? { Code: 'InternalError', Message: 'SQS did not mention this entry' }
        return { error: requester.explain(cause, 'SendMessage', queue) }
      })
    },

    delete: (queue, messages, signal) =>
      settle('DeleteMessage', queue, messages, signal, (send, QueueUrl, batch) => {
        const Entries = batch.map(({ receiptHandle }, id) => ({
          Id: String(id),
          ReceiptHandle: receiptHandle,
        }))
        return send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
      }),

    release: (queue, messages, signal) =>
      settle('ChangeMessageVisibility', queue, messages, signal, (send, QueueUrl, batch) => {
        const Entries = batch.map(({ receiptHandle }, id) => ({
          Id: String(id),
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: 0,
        }))
        return send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }))
      }),

    async maximumMessageSize(queue, signal) {
      const known = sizes.get(queue)
      if (known !== undefined && performance.now() - known.readAt < sizeIsGoodForMs) return known.bytes
      const { maximumMessageSize: bytes = usualLimitBytes } = await attributes(queue, signal)
      sizes.set(queue, { bytes, readAt: performance.now() })
      return bytes
    },

    attributes,

    async create(queue, settings, signal, tags) {
      const Attributes = writeSettings(settings)
      const command = new CreateQueueCommand({ QueueName: queue, Attributes, ...(tags && { tags }) })
      const { QueueUrl: url } = await attempt('CreateQueue', queue, signal, (send) => send(command))
      requester.remember(queue, url as string)
    },

    async setAttributes(queue, settings, signal) {
      const url = await urlOf(queue, signal)
      const command = new SetQueueAttributesCommand({ QueueUrl: url, Attributes: writeSettings(settings) })
      await attempt('SetQueueAttributes', queue, signal, (send) => send(command))
      sizes.delete(queue)
    },

    async tags(queue, signal) {
      const command = new ListQueueTagsCommand({ QueueUrl: await urlOf(queue, signal) })
      const { Tags = {} } = await attempt('ListQueueTags', queue, signal, (send) => send(command))
      return Tags
    },

    async tag(queue, tags, signal) {
      const command = new TagQueueCommand({ QueueUrl: await urlOf(queue, signal), Tags: tags })
      await attempt('TagQueue', queue, signal, (send) => send(command))
    },

    async deleteQueue(queue, signal) {
      try {
        const url = await urlOf(queue, signal)
        await attempt('DeleteQueue', queue, signal, (send) => send(new DeleteQueueCommand({ QueueUrl: url })))
      } catch (error) {
        if ((error as QueueError).kind !== 'missing-queue') throw error
      }
      requester.forget(queue)
      sizes.delete(queue)
    },

    async listQueues(prefix, signal) {
      const names: string[] = []
      let page: string | undefined
      do {
        const command = new ListQueuesCommand({
          ...(prefix === '' ? {} : { QueueNamePrefix: prefix }),
          MaxResults: 1000,
          ...(page === undefined ? {} : { NextToken: page }),
        })
        const { QueueUrls = [], NextToken } = await attempt('ListQueues', '', signal, (send) => send(command))
        names.push(...QueueUrls.map((url) => url.slice(url.lastIndexOf('/') + 1)))
        page = NextToken
      } while (page !== undefined)
      return names
    },

    get requests() {
      return requester.requests
    },
    get clockOffsetMs() {
      return requester.clockOffsetMs
    },
    close: () => requester.close(),
  }
}

function received(message: Message): ReceivedMessage {
  const { MessageId = '', Body = '', ReceiptHandle = '', Attributes = {} } = message
  return {
    messageId: MessageId,
    body: Body,
    receiptHandle: ReceiptHandle,
    sentAt: Number(Attributes.SentTimestamp ?? 0),
    senderId: Attributes.SenderId,
    receiveCount: Number(Attributes.ApproximateReceiveCount ?? 1),
  }
}
