import { setMaxListeners } from 'node:events'
import { GetQueueUrlCommand } from '@aws-sdk/client-sqs'
import { isClockCode } from './errorKind.ts'
import { isHostOfAws } from './partitions.ts'
import { type QueueError, toQueueError } from './queueError.ts'
import { addRequest, billedUnits, noRequests, type RequestCounts } from './requestCounts.ts'
import { retry } from './retry.ts'
import type { Exchange, SqsSend } from './sdkInternals.ts'
import { type Connection, createSqsClient } from './sqsClient.ts'
import { createSqsClock } from './sqsClock.ts'

/** Makes requests to SQS: with deadlines, readable errors, cached queue URLs, and counts. */
export interface Requester {
  /** One request. `waitMs` is the time that SQS itself may take. Rejects with a QueueError or the signal's reason. */
  once<T>(
    action: string,
    queue: string,
    signal: AbortSignal | undefined,
    work: Work<T>,
    waitMs?: number,
  ): Promise<T>
  /** The same, up to `tries` times (default 3) after errors that may pass by themselves. */
  attempt<T>(
    action: string,
    queue: string,
    signal: AbortSignal | undefined,
    work: Work<T>,
    tries?: number,
  ): Promise<T>
  urlOf(queue: string, signal: AbortSignal | undefined): Promise<string>
  remember(queue: string, url: string): void
  forget(queue: string): void
  explain(cause: unknown, action: string, queue: string): QueueError
  readonly requests: RequestCounts
  readonly clockOffsetMs: number | undefined
  close(): void
}

/** Makes one request by `send`. */
export type Work<T> = (send: SqsSend) => Promise<T>

/** Deadline of a request beyond the time that SQS itself may take, milliseconds. */
const answerWithinMs = 10_000
const usualTries = 3

export function createRequester(connection: Connection): Requester {
  const urls = new Map<string, string>()
  let requests = noRequests
  const clock = createSqsClock()
  let client = createSqsClient(connection, onExchange)

  function onExchange({ operation, input, output, answered, date }: Exchange): void {
    requests = addRequest(requests, operation, answered ? billedUnits(payloadBytes(input, output)) : 0)
    if (date !== undefined) clock.record(date)
  }

  const explain = (cause: unknown, action: string, queue: string) =>
    toQueueError(cause, { action: `sqs:${action}`, queue, ...connection, endpoint: usedEndpoint() })

  /** Environment variables and the AWS profile may have named it. */
  function usedEndpoint(): string | undefined {
    const { address } = client
    if (connection.endpoint !== undefined || address === undefined) return connection.endpoint
    return isHostOfAws(new URL(address).hostname, connection.region) ? undefined : address
  }

  const once: Requester['once'] = async (action, queue, signal, work, waitMs = 0) => {
    signal?.throwIfAborted()
    // One signal may end many requests at once; Node would warn of a leak.
    if (signal !== undefined) setMaxListeners(0, signal)
    const used = client
    try {
      const options = {
        requestTimeout: waitMs + answerWithinMs,
        ...(signal === undefined ? {} : { abortSignal: signal }),
      }
      return await work(used.bind(options))
    } catch (cause) {
      signal?.throwIfAborted()
      const error = explain(cause, action, queue)
      if (error.kind === 'missing-queue') urls.delete(queue)
      // The keys may have been renewed on disk: a new client reads them. A client that learnt SQS's time is kept.
      if (error.kind === 'credentials' && !isClockCode(error.code) && client === used)
        client = createSqsClient(connection, onExchange, used)
      throw error
    }
  }

  const attempt: Requester['attempt'] = (action, queue, signal, work, tries = usualTries) =>
    retry(tries, () => once(action, queue, signal, work), signal)

  async function urlOf(queue: string, signal: AbortSignal | undefined): Promise<string> {
    const known = urls.get(queue)
    if (known !== undefined) return known
    const sibling = connection.siblingOf?.(queue)
    if (sibling !== undefined) return (await urlOf(sibling, signal)).replace(/[^/]+$/, queue)
    const { QueueUrl } = await attempt('GetQueueUrl', queue, signal, (send) =>
      send(
        new GetQueueUrlCommand({
          QueueName: queue,
          ...(connection.account === undefined ? {} : { QueueOwnerAWSAccountId: connection.account }),
        }),
      ),
    )
    urls.set(queue, QueueUrl as string)
    return QueueUrl as string
  }

  return {
    once,
    attempt,
    urlOf,
    remember: (queue, url) => void urls.set(queue, url),
    forget: (queue) => void urls.delete(queue),
    explain,
    get requests() {
      return requests
    },
    get clockOffsetMs() {
      return clock.offsetMs
    },
    close: () => client.sdk.destroy(),
  }
}

/** Bytes of the bodies sent or received. */
function payloadBytes(input: unknown, output: unknown): number {
  const { MessageBody, Entries } = input as { MessageBody?: string; Entries?: { MessageBody?: string }[] }
  const { Messages } = (output ?? {}) as { Messages?: { Body?: string }[] }
  const bodies = [
    MessageBody,
    ...(Entries ?? []).map((entry) => entry.MessageBody),
    ...(Messages ?? []).map((m) => m.Body),
  ]
  return bodies.reduce((sum, body) => sum + (body === undefined ? 0 : Buffer.byteLength(body)), 0)
}
