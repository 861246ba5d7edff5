import {
  type $Command,
  type ServiceInputTypes,
  type ServiceOutputTypes,
  SQSClient,
  type SQSClientResolvedConfig,
} from '@aws-sdk/client-sqs'
import { type ClassifiedError, classifyError } from '../../src/queues/errorKind.ts'
import { billedUnits } from '../../src/queues/requestCounts.ts'
import { type Connection, credentialsOf } from '../../src/queues/sqsClient.ts'

/** A request and its answer as they were on the wire. Bodies are cut after {@link mostShown} characters. */
export interface WireExchange {
  readonly operation: string
  readonly request: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly answer: string
}

/** What SQS said to one request. */
export interface Answer<Output = unknown> {
  /** Absent when SQS refused. */
  readonly output?: Output
  readonly refusal?: ClassifiedError
  /** The `Date` header, milliseconds; undefined where there is none. */
  readonly date: number | undefined
  /** How long it took, milliseconds. */
  readonly tookMs: number
  readonly exchange: WireExchange
}

export type Ask = <Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
  command: $Command<Input, Output, SQSClientResolvedConfig>,
  signal?: AbortSignal,
) => Promise<Answer<Output>>

/** Makes single requests, without retries. `ask` rejects only when there is no answer. */
export interface Asking {
  readonly ask: Ask
  /** What SQS bills for the requests so far. */
  readonly billed: number
  close(): void
}

/** Characters of a body that a recorded exchange keeps. */
const mostShown = 1_500
/** Longer than the longest long poll, milliseconds. */
const answerWithinMs = 30_000

/** @param clockOffsetMs by how much the signatures' time is off, milliseconds */
export function createAsking(connection: Connection, clockOffsetMs = 0): Asking {
  const { region, endpoint, profile } = connection
  const sdk = new SQSClient({
    ...{ region, credentials: credentialsOf(connection), maxAttempts: 1 },
    ...{ useQueueUrlAsEndpoint: false, md5: false, systemClockOffset: clockOffsetMs },
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint }),
    requestHandler: { connectionTimeout: 5_000, requestTimeout: answerWithinMs, throwOnRequestTimeout: true },
  })
  const exchanges = new WeakMap<object, WireExchange>()
  let billed = 0
  sdk.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args)
      const response = result.response as {
        statusCode: number
        headers: Record<string, string>
        body: AsyncIterable<Uint8Array> | Uint8Array
      }
      const body = await collected(response.body)
      response.body = body
      const { body: sent = '' } = args.request as { body?: string | Uint8Array }
      const request = typeof sent === 'string' ? sent : new TextDecoder().decode(sent)
      // Nearly all of a large request or answer is bodies.
      billed += billedUnits(Math.max(request.length, body.length) - 1_000)
      exchanges.set(args.input, {
        operation: String(context.commandName).replace(/Command$/, ''),
        request: shortened(request),
        status: response.statusCode,
        headers: response.headers,
        answer: shortened(body.toString('utf8')),
      })
      return result
    },
    { step: 'deserialize', priority: 'low', name: 'recordExchange' },
  )

  const ask: Ask = async (command, signal) => {
    const startedAt = performance.now()
    const answerWith = (part: object) => {
      const exchange = exchanges.get(command.input)
      if (exchange === undefined) throw new Error('an answer that was not recorded')
      const date = Date.parse(exchange.headers.date ?? '')
      const tookMs = performance.now() - startedAt
      return { ...part, date: Number.isNaN(date) ? undefined : date, tookMs, exchange }
    }
    try {
      const output = await sdk.send(command, signal === undefined ? {} : { abortSignal: signal })
      return answerWith({ output })
    } catch (error) {
      signal?.throwIfAborted()
      if (!exchanges.has(command.input)) throw error
      return answerWith({ refusal: classifyError(error) })
    }
  }

  return {
    ask,
    get billed() {
      return billed
    },
    close: () => sdk.destroy(),
  }
}

async function collected(body: AsyncIterable<Uint8Array> | Uint8Array): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body)
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts)
}

/** As much of the text of a body as a recorded exchange keeps. */
export function shortened(text: string): string {
  return text.length <= mostShown ? text : `${text.slice(0, mostShown)}… (${text.length} characters)`
}
