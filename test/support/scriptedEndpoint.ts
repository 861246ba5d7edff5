import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A request as SQS's JSON protocol has it. */
export interface SqsRequest {
  /** As in `ReceiveMessage`. */
  readonly operation: string
  readonly input: Readonly<Record<string, unknown>>
  /** Who signed it: the access key id in the credential. */
  readonly accessKeyId: string | undefined
  /** `host` of the HTTP request. */
  readonly host: string | undefined
  /** When it was signed, by the clock of who signed it: milliseconds since the epoch. */
  readonly signedAt: number
}

/** `hang`: takes the request and never answers. `reset`: closes the connection instead of answering. */
export type Answer =
  | 'hang'
  | 'reset'
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: object }

/** An HTTP server on loopback that speaks SQS's wire format and answers as told: for what the test server never says. */
export interface ScriptedEndpoint {
  readonly endpoint: string
  readonly requests: readonly SqsRequest[]
  stop(): Promise<void>
}

export async function startScriptedEndpoint(
  answer: (request: SqsRequest, index: number) => Answer,
): Promise<ScriptedEndpoint> {
  const requests: SqsRequest[] = []
  const server = createServer(async (incoming: IncomingMessage, response: ServerResponse) => {
    const request = await read(incoming)
    requests.push(request)
    const told = answer(request, requests.length - 1)
    if (told === 'hang') return
    if (told === 'reset') {
      incoming.socket.destroy()
      return
    }
    const { status = 200, headers = {}, body = {} } = told
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', ...headers })
    response.end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** An error as SQS puts it. */
export function refusal(code: string, message = 'no', status = 400): Answer {
  return {
    status,
    headers: { 'x-amzn-query-error': `AWS.SimpleQueueService.${code};Sender` },
    body: { __type: `com.amazonaws.sqs#${code}`, message },
  }
}

/** Answers that make every operation succeed. */
export function success({ operation, input }: SqsRequest): Answer {
  switch (operation) {
    case 'GetQueueUrl':
      return { body: { QueueUrl: `http://sqs.elsewhere.example/000000000000/${input.QueueName}` } }
    case 'SendMessage':
      return { body: { MessageId: 'm' } }
    case 'SendMessageBatch': {
      const entries = input.Entries as { Id: string }[]
      return { body: { Successful: entries.map(({ Id }) => ({ Id, MessageId: Id })) } }
    }
    default:
      return {}
  }
}

async function read(incoming: IncomingMessage): Promise<SqsRequest> {
  const body = await text(incoming)
  return {
    operation: String(incoming.headers['x-amz-target'] ?? '').replace('AmazonSQS.', ''),
    input: body.startsWith('{') ? JSON.parse(body) : {},
    accessKeyId: /Credential=([^/]+)\//.exec(incoming.headers.authorization ?? '')?.[1],
    host: incoming.headers.host,
    signedAt: Date.parse(
      String(incoming.headers['x-amz-date']).replace(
        /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
        '$1-$2-$3T$4:$5:$6Z',
      ),
    ),
  }
}
