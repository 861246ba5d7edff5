import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProbe } from '../../sqsProbe/probe.ts'
import type { ProbedRow } from '../../sqsProbe/recorded.ts'
import { rows } from '../../sqsProbe/rows.ts'
import { type Deviation, startDeviantSqs } from '../../support/deviantSqs.ts'
import { startFaultProxy } from '../../support/faultProxy.ts'
import { refusal } from '../../support/faults/refusals.ts'
import {
  answerOk,
  answerWith,
  requestWith,
  type WireAnswer,
  type WireMessage,
  type WireRequest,
} from '../../support/faults/wire.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'

let sqs: SqsServer

beforeAll(async () => {
  sqs = await startSqs()
})
afterAll(() => sqs.stop())

const connection = { region: 'eu-west-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
/** Less than SQS needs, and more than the server of our tests does. */
const patience = { countsMs: 2_500, changesMs: 1_500, newQueueMs: 1_500, expiryMs: 1_500 }

async function probe(endpoint: string, names: readonly string[]): Promise<readonly ProbedRow[]> {
  const { rows: seen, left } = await runProbe({
    ...{ connection: { ...connection, endpoint }, patience },
    rows: rows.filter(({ name }) => names.includes(name)),
    signal: new AbortController().signal,
  })
  expect(left).toEqual([])
  return seen
}

type Answers = (answer: WireAnswer, request: WireRequest) => WireAnswer | Promise<WireAnswer>

/** Deviates in these operations alone. */
const on =
  (operations: string, deviation: Deviation): Deviation =>
  (request, forward) =>
    operations.split(' ').includes(request.action) ? deviation(request, forward) : forward(request)

/** Refuses these operations. */
const refuse = (operations: string, as: Parameters<typeof refusal>[0]) =>
  on(operations, (request) => refusal(as, request))

/** Changes their answers. */
const answers = (operations: string, change: Answers) =>
  on(operations, async (request, forward) => change(await forward(request), request))

/** Changes what is asked. */
const asks = (operations: string, change: (request: WireRequest) => WireRequest) =>
  on(operations, (request, forward) => forward(change(request)))

const input = (change: object) => (request: WireRequest) =>
  requestWith(request, { ...request.input, ...change })

/** Changes the messages of receives. */
const messages = (change: (found: WireMessage[], request: WireRequest) => unknown[]) =>
  answers('ReceiveMessage', (answer, request) => {
    const { Messages = [] } = JSON.parse(answer.body.toString('utf8')) as { Messages?: WireMessage[] }
    return answerWith(answer, { Messages: change(Messages, request) })
  })

const attributes = (change: Record<string, string | undefined>) =>
  messages((found) =>
    found.map((message) => ({ ...message, Attributes: { ...message.Attributes, ...change } })),
  )

const done = (operations: string) =>
  on(operations, () => answerOk({ MessageId: 'm', QueueUrl: 'http://x/1/y' }))

/** Fails entries by a handle of which that is true. */
const failHandles = (operation: string, isMeant: (handle: string) => boolean): Deviation =>
  on(operation, async (request, forward) => {
    const { Entries = [] } = request.input
    const failed = Entries.filter(({ ReceiptHandle = '' }) => isMeant(ReceiptHandle))
    const kept = Entries.filter((entry) => !failed.includes(entry))
    const answer = await forward(requestWith(request, { ...request.input, Entries: kept }))
    const { Successful = [] } = JSON.parse(answer.body.toString('utf8'))
    const Failed = failed.map(({ Id }) => ({ Id, Code: 'AccessDenied', SenderFault: true }))
    return answerWith(answer, { Successful, Failed })
  })

/** Applies the policy of a queue, as AWS does: `before` or after what is wrong with a request is found. */
function withPolicies(before: boolean): Deviation {
  const denied = new Map<string, string>()
  return async (request, forward) => {
    const { Attributes } = request.input as { Attributes?: Record<string, string> }
    if (Attributes?.Policy !== undefined) {
      denied.set(request.queue, Attributes.Policy)
      return answerOk({})
    }
    const action = `"sqs:${request.action.replace('Batch', '')}"`
    const isDenied = denied.get(request.queue)?.includes(action) ?? false
    const isProbe = /\\u0000|"probe"/.test(request.body.toString('utf8'))
    return isDenied && (before || !isProbe) ? refusal('AccessDeniedException', request) : forward(request)
  }
}

let first: string | undefined

/** For each row an SQS that deviates in what the row asks, and in nothing else that it needs. */
const deviations: Readonly<Record<string, Deviation>> = {
  'wake-up': asks('ReceiveMessage', input({ VisibilityTimeout: 60 })),
  'release-wakes': done('ChangeMessageVisibility'),
  'long-poll-ends': asks('ReceiveMessage', input({ WaitTimeSeconds: 0 })),
  'long-poll-proves': messages(() => []),
  'backlog-5': messages((found) => found.filter(({ Body }) => Body !== '3')),
  'backlog-50': messages((found) => found.filter(({ Body }) => Body !== '33')),
  'backlog-500': messages((found) => [...found, ...found]),
  'short-polls': messages((found, request) => (request.input.WaitTimeSeconds === 0 ? [] : found)),
  'twice-in-one': messages((found) => [
    ...found,
    ...found.slice(0, 1).map((message) => ({ ...message, MessageId: 'other' })),
  ]),
  rotation: messages((found) => found.filter(({ Body }) => Number(Body) < 10)),
  'own-visibility': asks('ReceiveMessage', input({ VisibilityTimeout: 0 })),
  'sender-id': attributes({ SenderId: undefined }),
  'sent-timestamp': attributes({ SentTimestamp: String(Date.now() - 60_000) }),
  'order-by-time': messages((found) =>
    found.map((message) => ({
      ...message,
      Attributes: { SentTimestamp: String(9_999 - Number(message.Body)) },
    })),
  ),
  ...Object.fromEntries(
    ['DeleteMessageBatch', 'ChangeMessageVisibilityBatch'].flatMap((operation) => {
      const verb = operation.startsWith('Delete') ? 'delete' : 'show'
      return [
        [`${verb}-invalid`, failHandles(operation, (handle) => handle === 'probe')],
        [`${verb}-deleted`, refuse(operation, 'InvalidParameterValue')],
        [`${verb}-visible`, failHandles(operation, () => true)],
        [`${verb}-older`, refuse(operation, 'ReceiptHandleIsInvalid')],
        [`${verb}-expired`, failHandles(operation, () => true)],
      ]
    }),
  ),
  'body-unchanged': messages((found) =>
    found.map((message) => ({ ...message, Body: message.Body.trim().slice(1) })),
  ),
  'body-at-limit': asks('CreateQueue', input({ Attributes: {} })),
  'body-256k': asks('CreateQueue', input({ Attributes: { MaximumMessageSize: '65536' } })),
  'body-1m': refuse('CreateQueue', 'InvalidAttributeValue'),
  'batch-sum': refuse('SendMessageBatch', 'BatchRequestTooLong'),
  'batch-one-too-large': asks('CreateQueue', input({ Attributes: {} })),
  'forbidden-character': asks('SendMessageBatch', input({ Entries: [{ Id: '0', MessageBody: 'U+FFFD' }] })),
  'empty-body': done('SendMessage'),
  'count-lag': answers('GetQueueAttributes', (answer) =>
    counted(answer, { ApproximateNumberOfMessages: '0' }),
  ),
  'hidden-count': (() => {
    let releasedAt = Number.POSITIVE_INFINITY
    return async (request, forward) => {
      if (request.action.startsWith('ChangeMessageVisibility')) releasedAt = Date.now()
      const answer = await forward(request)
      const isReleased = releasedAt < Number.POSITIVE_INFINITY
      if (request.action !== 'GetQueueAttributes' || !isReleased) return answer
      return counted(answer, { ApproximateNumberOfMessagesNotVisible: '8' })
    }
  })(),
  'attributes-told': answers('GetQueueAttributes', (answer) =>
    counted(answer, { MaximumMessageSize: undefined }),
  ),
  'attribute-change': done('SetQueueAttributes'),
  'redrive-removed': refuse('SetQueueAttributes', 'InvalidAttributeValue'),
  'retention-least': asks('CreateQueue', input({ Attributes: {} })),
  expiry: (request, forward) => forward(request),
  'first-seconds': refuse('SendMessage', 'InvalidAddress'),
  'name-again': (() => {
    let isDeleted = false
    return async (request, forward) => {
      if (request.action === 'DeleteQueue') isDeleted = true
      return request.action === 'CreateQueue' && isDeleted
        ? refusal('InternalFailure', request)
        : forward(request)
    }
  })(),
  'create-again': answers('CreateQueue', (answer) => {
    if (answer.status === 200) first ??= answer.body.toString('utf8')
    return answerWith({ ...answer, status: 200 }, JSON.parse(first ?? '{}'))
  }),
  'missing-queue': answers('SendMessage DeleteQueue', (answer, request) =>
    answer.status === 200 ? answer : refusal('InvalidAddress', request),
  ),
  tags: answers('ListQueueTags', () => answerOk({ Tags: {} })),
  'denied-SendMessage': withPolicies(false),
  'denied-DeleteMessage': withPolicies(false),
  'denied-ChangeMessageVisibility': withPolicies(false),
  'date-header': async (request, forward) => {
    const answer = await forward(request)
    const { date, ...headers } = answer.headers
    return { ...answer, headers }
  },
  'clock-behind': refuse('ListQueues', 'AccessDeniedException'),
  'clock-ahead': refuse('ListQueues', 'SignatureDoesNotMatch'),
  'unknown-key': refuse('ListQueues', 'AccessDeniedException'),
  'other-region': answers('GetQueueUrl', (answer) =>
    answer.status === 200 ? answer : answerOk({ QueueUrl: 'http://elsewhere/1/queue' }),
  ),
  'caller-identity': on('other', (request) => refusal('InvalidAddress', request)),
}

function counted(answer: WireAnswer, change: Record<string, string | undefined>): WireAnswer {
  if (answer.status !== 200) return answer
  const { Attributes } = JSON.parse(answer.body.toString('utf8')) as { Attributes: object }
  return answerWith(answer, { Attributes: { ...Attributes, ...change } })
}

describe('a row of the probe', () => {
  it('has an SQS that deviates in what it asks, whichever it is', () => {
    expect(Object.keys(deviations).toSorted()).toEqual(rows.map(({ name }) => name).toSorted())
  })

  it.concurrent.each(Object.entries(deviations))(
    '%s differs where SQS deviates in that, and shows by which answer',
    async (name, deviation) => {
      const deviant = await startDeviantSqs(sqs.endpoint, deviation)
      try {
        const [row] = await probe(deviant.endpoint, [name])
        expect(row).toMatchObject({ name, verdict: 'differs' })
        expect(row?.evidence).not.toEqual([])
      } finally {
        await deviant.stop()
      }
    },
  )

  it('is the same on the server of our tests, which expires what is old, or is unclear', async () => {
    const proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed: 1 })
    // Rows that wait for that come first, and so have the first queues.
    const slow = rows.filter(({ isSlow }) => isSlow).map((_, index) => index + 1)
    proxy.inject({ fault: { kind: 'expire', afterMs: 1_400 }, queue: new RegExp(`-(?:${slow.join('|')})$`) })
    const seen = await probe(
      proxy.endpoint,
      rows.map(({ name }) => name),
    )
    await proxy.stop()
    const other = seen
      .filter(({ verdict }) => verdict !== 'same')
      .map(({ name, verdict }) => `${verdict} ${name}`)
    expect(other).toEqual([
      'unclear denied-SendMessage',
      'unclear denied-DeleteMessage',
      'unclear denied-ChangeMessageVisibility',
    ])
  })

  it.concurrent.each(['SendMessage', 'DeleteMessage', 'ChangeMessageVisibility'])(
    'denied-%s is the same where permissions are checked first',
    async (action) => {
      const strict = await startDeviantSqs(sqs.endpoint, withPolicies(true))
      const [row] = await probe(strict.endpoint, [`denied-${action}`])
      await strict.stop()
      expect(row).toMatchObject({ verdict: 'same', seen: 'AccessDeniedException' })
    },
  )
})
