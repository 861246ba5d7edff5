import { once } from 'node:events'
import type { QueueErrorKind } from '../../src/queues/errorKind.ts'
import type { QueueAttributes } from '../../src/queues/queueAttributes.ts'
import { QueueError } from '../../src/queues/queueError.ts'
import type { Queues, ReceivedMessage } from '../../src/queues/queues.ts'
import { noRequests } from '../../src/queues/requestCounts.ts'
import { verbatim } from '../../src/text/localizable.ts'

/**
 * Queues of which each request ends as the test says. What it does not name succeeds at once; a receive waits until its
 * signal aborts, as a long poll does where nobody sends.
 */
export function playedQueues(parts: Partial<Queues> = {}): Queues {
  return {
    receive: (_queue, _options, signal) => untilAborted(signal),
    send: async () => ({ messageId: 'sent' }),
    sendBatch: async (_queue, bodies) => bodies.map(() => ({ messageId: 'sent' })),
    delete: async () => {},
    release: async () => {},
    maximumMessageSize: async () => 256 * 1024,
    attributes: () => Promise.reject(new Error('nobody should ask for attributes')),
    create: async () => {},
    setAttributes: async () => {},
    tags: (queue) => Promise.reject(queueError('missing-queue', queue)),
    tag: async () => {},
    deleteQueue: async () => {},
    listQueues: async () => [],
    requests: noRequests,
    clockOffsetMs: undefined,
    close: () => {},
    ...parts,
  }
}

/** Of a queue that holds nothing. */
export const emptyQueue: QueueAttributes = {
  ...{ arn: '', visibilitySeconds: 30, retentionSeconds: 60, maximumMessageSize: 256 * 1024 },
  ...{ waitSeconds: 0, delaySeconds: 0, encryption: 'none', visible: 0, notVisible: 0, delayed: 0 },
}

/** Ends as requests do that are cut short. */
export async function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  if (signal === undefined) return new Promise(() => {})
  if (!signal.aborted) await once(signal, 'abort')
  throw signal.reason
}

export function receivedBody(body: string, messageId = body): ReceivedMessage {
  return {
    messageId,
    body,
    receiptHandle: messageId,
    sentAt: Date.now(),
    senderId: undefined,
    receiveCount: 1,
  }
}

export function queueError(kind: QueueErrorKind, queue = 'testing_master'): QueueError {
  const failure = { queue, action: 'sqs:ReceiveMessage', region: 'eu-west-1' }
  return new QueueError(failure, kind, 'Code', verbatim('no'))
}
