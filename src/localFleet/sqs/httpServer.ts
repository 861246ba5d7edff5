import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { actions } from './actions.ts'
import { type Caller, callerOf, identityXml } from './caller.ts'
import { QueueStore } from './queueStore.ts'
import { invalidParameter, Refusal } from './refusal.ts'

/** An SQS server on loopback, in this process and its memory. */
export interface SqsServer {
  readonly port: number
  readonly store: QueueStore
  close(): Promise<void>
}

export interface SqsServerOptions {
  /** 0 or absent: a free port. */
  readonly port?: number
  /** The only access key id that is accepted; when absent, all are. */
  readonly accessKeyId?: string
  /** The error message for other access keys. */
  readonly rejection?: string
  /** A message was deleted because it is older than the retention of its queue. */
  onExpired?(queue: string, body: string): void
}

/** Ten messages of 1 MiB in total, with each character as six of JSON at worst. Bytes. */
const mostBytes = 8 * 1024 * 1024

/** Longer than clients keep connections, as in SQS, so that none is closed during a request. Milliseconds. */
const keepAliveMs = 75_000

/** Starts the server; it is ready when this resolves. */
export async function startSqsServer(options: SqsServerOptions = {}): Promise<SqsServer> {
  const { onExpired = () => {} } = options
  const store = new QueueStore({ onExpired })
  const server = createServer((request, response) => {
    answer(request, store, options, goneSignal(response)).then(
      ({ status, headers, body }) => {
        response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
      },
      // The connection broke during the request, so there is no one to answer.
      () => response.destroy(),
    )
  })
  server.keepAliveTimeout = keepAliveMs
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    store,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

async function answer(
  request: IncomingMessage,
  store: QueueStore,
  { accessKeyId, rejection = 'The security token included in the request is invalid.' }: SqsServerOptions,
  signal: AbortSignal,
): Promise<Answer> {
  const caller = callerOf(request.headers.authorization)
  try {
    if (accessKeyId !== undefined && caller.accessKeyId !== accessKeyId) {
      throw new Refusal('InvalidClientTokenId', rejection, { status: 403 })
    }
    const body = await bodyOf(request)
    if (/^Action=GetCallerIdentity\b/.test(body)) return identity(caller)
    const [, name = ''] = /^AmazonSQS\.(\w+)$/.exec(String(request.headers['x-amz-target'])) ?? []
    const action = actions.get(name)
    if (action === undefined) throw new Refusal('UnknownOperationException', `No operation ${name}.`)
    const origin = `http://${request.headers.host}`
    return json(200, {}, await action(parsed(body), { store, caller, origin, signal }))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { code, queryCode, status, message } = error
    const headers = { 'x-amzn-query-error': `${queryCode};Sender` }
    return json(status, headers, { __type: `com.amazonaws.sqs#${code}`, message })
  }
}

function json(status: number, headers: Answer['headers'], body: object): Answer {
  const common = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': randomUUID() }
  return { status, headers: { ...common, ...headers }, body: JSON.stringify(body) }
}

function identity(caller: Caller): Answer {
  return { status: 200, headers: { 'content-type': 'text/xml' }, body: identityXml(caller) }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw new Refusal('SerializationException', 'The request is not JSON.')
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request) {
    parts.push(part)
    bytes += part.length
    if (bytes > mostBytes) throw invalidParameter(`The request is larger than ${mostBytes} bytes.`)
  }
  return Buffer.concat(parts).toString()
}

/** Aborts when the caller disconnects before the response, so that it does not consume messages. */
function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  return gone.signal
}
