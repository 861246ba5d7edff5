import { createHash } from 'node:crypto'
import * as v from 'valibot'
import { type Caller, userIdOf } from './caller.ts'
import { batchRefusal, eachEntry, entriesOf, integer, missingParameter, parseInput, Text } from './input.ts'
import type { Received } from './messageQueue.ts'
import { account, type QueueStore, type StoredQueue } from './queueStore.ts'
import { invalidParameter, noSuchQueue, Refusal } from './refusal.ts'

/** The context of a request. */
export interface ActionContext {
  readonly store: QueueStore
  readonly caller: Caller
  /** Of the server, as in `http://127.0.0.1:9324`. */
  readonly origin: string
  /** Aborts when the caller has disconnected. */
  readonly signal: AbortSignal
}

/** @throws Refusal */
export type Action = (input: unknown, context: ActionContext) => object | Promise<object>

/** Most bytes of bodies in one request. */
const mostBytes = 1_048_576

const Texts = v.optional(v.array(Text), [])
const Settings = v.optional(v.record(Text, Text), {})
const queueUrl = { QueueUrl: Text }
const listing = {
  QueueNamePrefix: v.optional(Text, ''),
  MaxResults: v.optional(integer(1, 1_000)),
  NextToken: v.optional(Text),
}
const handle = { ReceiptHandle: Text }
const visibility = { VisibilityTimeout: integer(0, 43_200) }
/** Message attributes are refused, so that they are not lost silently. */
const message = {
  MessageBody: Text,
  DelaySeconds: v.optional(integer(0, 900)),
  MessageAttributes: v.optional(v.record(Text, v.never('is not supported by this server'))),
}

/** By the last part of `X-Amz-Target`: the actions that the product uses, and common tools for inspecting queues. */
export const actions: ReadonlyMap<string, Action> = new Map([
  action(
    'CreateQueue',
    { QueueName: Text, Attributes: Settings, tags: Settings },
    ({ QueueName, Attributes, tags }, context) => {
      context.store.create(context.caller.region, QueueName, Attributes, tags)
      return { QueueUrl: urlOf(QueueName, context) }
    },
  ),
  action('DeleteQueue', queueUrl, ({ QueueUrl }, { store, caller }) => {
    store.delete(caller.region, nameIn(QueueUrl))
    return {}
  }),
  action('GetQueueUrl', { QueueName: Text }, ({ QueueName }, context) => {
    context.store.find(context.caller.region, QueueName)
    return { QueueUrl: urlOf(QueueName, context) }
  }),
  action('ListQueues', listing, ({ QueueNamePrefix, MaxResults = 1_000, NextToken = '' }, context) => {
    const names = context.store
      .list(context.caller.region, QueueNamePrefix)
      .filter((name) => name > NextToken)
    const page = names.slice(0, MaxResults)
    // The next page begins behind the last name of this one.
    const more = names.length > page.length ? { NextToken: page.at(-1) } : {}
    return { QueueUrls: page.map((name) => urlOf(name, context)), ...more }
  }),
  action('ListQueueTags', queueUrl, (input, context) => ({ Tags: queueOf(input, context).tags })),
  action('TagQueue', { ...queueUrl, Tags: v.record(Text, Text) }, (input, context) => {
    queueOf(input, context).tag(input.Tags)
    return {}
  }),
  action('GetQueueAttributes', { ...queueUrl, AttributeNames: Texts }, (input, context) => {
    const all = queueOf(input, context).attributes
    return { Attributes: named(all, input.AttributeNames) }
  }),
  action('SetQueueAttributes', { ...queueUrl, Attributes: Settings }, (input, context) => {
    queueOf(input, context).change(input.Attributes)
    return {}
  }),
  action('SendMessage', { ...queueUrl, ...message }, ({ MessageBody, DelaySeconds, ...input }, context) => {
    const queue = queueOf(input, context)
    checkBody(MessageBody, queue)
    const sent = { body: MessageBody, senderId: userIdOf(context.caller), delaySeconds: DelaySeconds }
    const [MessageId] = queue.messages.send([sent])
    return { MessageId, MD5OfMessageBody: md5(MessageBody) }
  }),
  action(
    'SendMessageBatch',
    { ...queueUrl, Entries: entriesOf(message) },
    ({ Entries, ...input }, context) => {
      const queue = queueOf(input, context)
      const bytes = Entries.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody), 0)
      if (bytes > mostBytes) {
        throw batchRefusal('BatchRequestTooLong', `Batch requests cannot be longer than ${mostBytes} bytes.`)
      }
      const senderId = userIdOf(context.caller)
      const { Successful, Failed } = eachEntry(Entries, ({ MessageBody }) => {
        checkBody(MessageBody, queue)
        return { MD5OfMessageBody: md5(MessageBody) }
      })
      const fine = new Set(Successful.map(({ Id }) => Id))
      // All at once, so that a waiting receive gets them together.
      const ids = queue.messages.send(
        Entries.filter(({ Id }) => fine.has(Id)).map(({ MessageBody, DelaySeconds }) => ({
          ...{ body: MessageBody, senderId, delaySeconds: DelaySeconds },
        })),
      )
      return { Successful: Successful.map((entry, index) => ({ ...entry, MessageId: ids[index] })), Failed }
    },
  ),
  action(
    'ReceiveMessage',
    {
      ...queueUrl,
      MaxNumberOfMessages: v.optional(integer(1, 10), 1),
      VisibilityTimeout: v.optional(visibility.VisibilityTimeout),
      WaitTimeSeconds: v.optional(integer(0, 20)),
      // The name used until 2023.
      AttributeNames: Texts,
      MessageSystemAttributeNames: Texts,
    },
    async (input, context) => {
      const queue = queueOf(input, context)
      const receive = {
        max: input.MaxNumberOfMessages,
        visibilitySeconds: input.VisibilityTimeout ?? queue.settings.visibilitySeconds,
        waitSeconds: input.WaitTimeSeconds ?? queue.settings.waitSeconds,
      }
      const names = [...input.AttributeNames, ...input.MessageSystemAttributeNames]
      const messages = await queue.messages.receive(receive, context.signal)
      return messages.length === 0 ? {} : { Messages: messages.map((received) => told(received, names)) }
    },
  ),
  action('DeleteMessage', { ...queueUrl, ...handle }, (input, context) => {
    queueOf(input, context).messages.delete(input.ReceiptHandle)
    return {}
  }),
  action(
    'DeleteMessageBatch',
    { ...queueUrl, Entries: entriesOf(handle) },
    ({ Entries, ...input }, context) => {
      const { messages } = queueOf(input, context)
      return eachEntry(Entries, ({ ReceiptHandle }) => {
        messages.delete(ReceiptHandle)
        return {}
      })
    },
  ),
  action('ChangeMessageVisibility', { ...queueUrl, ...handle, ...visibility }, (input, context) => {
    queueOf(input, context).messages.changeVisibility(input.ReceiptHandle, input.VisibilityTimeout)
    return {}
  }),
  action(
    'ChangeMessageVisibilityBatch',
    { ...queueUrl, Entries: entriesOf({ ...handle, ...visibility }) },
    ({ Entries, ...input }, context) => {
      const { messages } = queueOf(input, context)
      return eachEntry(Entries, ({ ReceiptHandle, VisibilityTimeout }) => {
        messages.changeVisibility(ReceiptHandle, VisibilityTimeout)
        return {}
      })
    },
  ),
])

function action<Fields extends v.ObjectEntries>(
  name: string,
  fields: Fields,
  work: (
    input: v.InferOutput<v.ObjectSchema<Fields, undefined>>,
    context: ActionContext,
  ) => object | Promise<object>,
): [string, Action] {
  const schema = v.object(fields)
  return [name, (input, context) => work(parseInput(schema, input), context)]
}

function urlOf(name: string, { origin }: ActionContext): string {
  return `${origin}/${account}/${name}`
}

/** Accepts any host: through a proxy or another host name it is the same queue. */
function nameIn(url: string): string {
  const [, owner, name] = /\/(\d{12})\/([^/]+)$/.exec(url) ?? []
  if (name === undefined) throw invalidParameter(`The address ${url} is not valid for this endpoint.`)
  if (owner !== account) throw noSuchQueue()
  return name
}

function queueOf({ QueueUrl }: { QueueUrl: string }, { store, caller }: ActionContext): StoredQueue {
  return store.find(caller.region, nameIn(QueueUrl))
}

/** SQS accepts only the characters of XML 1.0. */
const unsendable = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u

function checkBody(body: string, { settings }: StoredQueue): void {
  if (body === '') throw missingParameter('MessageBody')
  if (Buffer.byteLength(body) > settings.maximumMessageSize) {
    const limit = settings.maximumMessageSize
    throw invalidParameter(
      `One or more parameters are invalid. Reason: Message must be shorter than ${limit} bytes.`,
    )
  }
  if (!unsendable.test(body)) return
  throw new Refusal(
    'InvalidMessageContents',
    'Invalid characters found. Valid unicode characters are those of XML.',
  )
}

function told(message: Received, names: readonly string[]): object {
  const attributes = {
    SenderId: message.senderId,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
  }
  const wanted = named(attributes, names)
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    Body: message.body,
    MD5OfBody: md5(message.body),
    ...(Object.keys(wanted).length === 0 ? {} : { Attributes: wanted }),
  }
}

function named(all: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  if (names.includes('All')) return { ...all }
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)))
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
