import {
  byKind,
  type Check,
  type Fields,
  integer,
  list,
  map,
  maybe,
  object,
  objectAt,
  oneOf,
  pair,
  text,
  truth,
} from './fields.ts'
import { hashesOf } from './targets.ts'

/** A message as its JSON says it, checked. */
export type Message = Readonly<Record<string, unknown>>
export type QueueKind = 'command' | 'reply' | 'facts'

const count = integer(0, Number.MAX_SAFE_INTEGER)
const time = integer(0, 8.64e15)
const duration = integer(1, 604_800_000)
const sentence = text(/^/, 1024)
const runId = text(/^[A-Za-z0-9][A-Za-z0-9-]{7,63}$/u)
const agentId = text(/^[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,127}$/u)
const hostname = text(/^[^\p{C}\s]{1,255}$/u)
const environment = text(/^[A-Za-z0-9_-]{1,48}$/u)
const anything: Check = () => {}

const targetSet: Check = (value, path) => {
  if (typeof value !== 'string' || hashesOf(value) === undefined)
    throw new Error(`${path}: not a set of targets`)
}

const execution: Fields = {
  directory: maybe(text(/^\//, 4096)),
  environment: maybe(map(text(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/), text(/^[^\0]*$/))),
  user: maybe(text(/^(?!-)[^\p{C}\p{Z}:,/]{1,256}$/u)),
}

const base64: Check = (value, path) => {
  text(/^[A-Za-z0-9+/]*={0,2}$/)(value, path)
  if (String(value).length % 4 !== 0) throw new Error(`${path}: not base64`)
}

const actions: Readonly<Record<string, Fields>> = {
  shell: { command: text(/./s), ...execution },
  script: {
    ...{ name: text(/^[^/\p{C}]{1,255}$/u), content: base64, args: list(text()) },
    ...{ interpreter: maybe(text(/./s, 255)), ...execution },
  },
  ping: {},
  facts: {},
  cancel: { runId, issuedAt: maybe(time) },
  resend: { runId, missing: list(count, 1000), result: truth },
}

const from = { runId, agentId, hostname, sentAt: time }
const segments = list(pair(oneOf(1, 2), count))
const stream = object({
  bytes: count,
  sha256: text(/^[0-9a-f]{64}$/),
  droppedBytes: count,
  droppedAt: maybe(count),
})

const outcomes: Readonly<Record<string, Fields>> = {
  exited: { code: integer(0, 255) },
  signalled: { signal: sentence },
  'timed-out': {},
  cancelled: { started: truth },
  interrupted: {},
  'not-executed': { reason: sentence },
}

const types: Readonly<Record<string, { readonly queue: QueueKind; readonly fields: Fields }>> = {
  command: {
    queue: 'command',
    fields: {
      ...{ runId, environment, issuedAt: time, ttlMs: duration, timeoutMs: duration },
      ...{ issuer: object({ name: sentence, host: sentence }), replyTo: text(/^[A-Za-z0-9_-]{1,80}$/u) },
      ...{ filter: text(/./s), targets: maybe(list(agentId)), targetSet: maybe(targetSet) },
      // What is in it is refused, not unreadable.
      ...{ action: object({ kind: text(/^/, 64) }), outputLimitBytes: maybe(count) },
    },
  },
  ack: { queue: 'reply', fields: { ...from, state: oneOf('queued', 'started') } },
  output: { queue: 'reply', fields: { ...from, frame: count, segments } },
  result: {
    queue: 'reply',
    fields: {
      ...{
        ...from,
        outcome: byKind(outcomes),
        durationMs: count,
        frames: count,
        stdout: stream,
        stderr: stream,
      },
      last: maybe(object({ frame: count, segments })),
    },
  },
  refusal: { queue: 'reply', fields: { ...from, code: anything, reason: sentence } },
  facts: {
    queue: 'facts',
    fields: {
      ...{ agentId, hostname, environment, version: sentence, startedAt: time, sentAt: time },
      ...{
        intervalMs: duration,
        running: list(runId),
        leaving: maybe(truth),
        problems: maybe(list(sentence)),
      },
      facts: map(anything, anything),
    },
  },
}

/** @throws Error that names the field */
export function checkMessage(json: unknown, queue: QueueKind): Message {
  const message = objectAt(json, 'message')
  const type = types[String(message.type)]
  if (type === undefined || !Object.hasOwn(types, String(message.type))) throw new Error('type: not known')
  object(type.fields)(message, '')
  if (type.queue !== queue) throw new Error(`a message of type ${message.type} on the ${queue} queue`)
  return message
}

export interface Action {
  readonly kind: string
  readonly [field: string]: unknown
}

/** The action of a command, or what of it is not supported: names of parts, or a field. */
export function readAction(action: unknown): { readonly action: Action } | { readonly unsupported: string } {
  const { kind, requires, action: inner } = objectAt(action, 'action')
  if (requires !== undefined) {
    try {
      list(text(/^[A-Za-z][A-Za-z0-9]{0,31}$/), 32)(requires, 'requires')
    } catch {
      return { unsupported: String(kind) }
    }
    const unknown = (requires as string[]).filter((part) => part !== 'targetSet')
    if (unknown.length > 0) return { unsupported: unknown.join(', ') }
    if (typeof inner !== 'object' || inner === null || 'requires' in inner)
      return { unsupported: String(kind) }
    return readAction(inner)
  }
  if (!Object.hasOwn(actions, String(kind))) return { unsupported: String(kind) }
  try {
    byKind(actions)(action, '')
  } catch (error) {
    return { unsupported: (error as Error).message }
  }
  return { action: action as Action }
}
