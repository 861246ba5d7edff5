import type { IncomingMessage } from 'node:http'
import type { Subject } from './subject.ts'

/** A request of SQS's JSON protocol, or any other (STS), which has no target. */
export interface WireRequest extends Subject {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** The body's JSON; empty where it is none. */
  readonly input: Input
}

export interface Input {
  QueueUrl?: string
  QueueName?: string
  DelaySeconds?: number
  WaitTimeSeconds?: number
  MaxNumberOfMessages?: number
  VisibilityTimeout?: number
  ReceiptHandle?: string
  Entries?: Entry[]
  AttributeNames?: string[]
}

export interface Entry {
  Id: string
  DelaySeconds?: number
  ReceiptHandle?: string
  VisibilityTimeout?: number
}

export interface WireAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** A message in an answer to ReceiveMessage. */
export interface WireMessage {
  readonly MessageId: string
  readonly ReceiptHandle: string
  readonly Body: string
  readonly Attributes?: Readonly<Record<string, string>>
}

export async function readRequest(incoming: IncomingMessage): Promise<WireRequest> {
  const parts: Buffer[] = []
  for await (const part of incoming) parts.push(part)
  const body = Buffer.concat(parts)
  const headers = incoming.headers as Record<string, string>
  const [, action] = /^AmazonSQS\.(\w+)$/.exec(headers['x-amz-target'] ?? '') ?? []
  const input: Input = action === undefined ? {} : JSON.parse(body.toString('utf8'))
  return {
    method: incoming.method ?? 'POST',
    path: incoming.url ?? '/',
    headers,
    body,
    input,
    action: action ?? 'other',
    queue: input.QueueName ?? input.QueueUrl?.split('/').at(-1) ?? '',
    principal: /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? '',
  }
}

/** Another request of the same caller for the same queue. */
export function requestWith(request: WireRequest, input: Input, action = request.action): WireRequest {
  const body = Buffer.from(JSON.stringify(input))
  const headers = {
    ...request.headers,
    'x-amz-target': `AmazonSQS.${action}`,
    'content-length': String(body.length),
  }
  return { ...request, action, headers, body, input }
}

export function answerOk(json: unknown): WireAnswer {
  const headers = { 'content-type': 'application/x-amz-json-1.0', date: new Date().toUTCString() }
  return answerWith({ status: 200, headers, body: Buffer.alloc(0) }, json)
}

export function answerWith(answer: WireAnswer, json: unknown): WireAnswer {
  const body = Buffer.from(JSON.stringify(json))
  return { ...answer, headers: { ...answer.headers, 'content-length': String(body.length) }, body }
}
