import { gzipSync } from 'node:zlib'
import type { MessageKind } from '../../src/protocol/bounds.ts'
import { createDice } from './faults/dice.ts'

export interface HostileBody {
  readonly shape: string
  readonly body: string
}

const head = { runId: 'run-of-a-stranger', agentId: 'stranger', hostname: 'stranger', sentAt: 1 }

/** Messages that are as they should be. */
export const harmless: Readonly<Record<MessageKind, Readonly<Record<string, unknown>>>> = {
  command: {
    ...{ type: 'command', runId: 'run-of-a-stranger', environment: 'testing', issuedAt: 1, ttlMs: 10_000 },
    ...{ issuer: { name: 'ada', host: 'laptop' }, replyTo: 'testing_agent', filter: '*', timeoutMs: 1000 },
    action: { kind: 'ping' },
  },
  reply: { type: 'output', ...head, frame: 0, segments: [] },
  facts: {
    ...{ type: 'facts', agentId: 'stranger', hostname: 'stranger', environment: 'testing', version: '1' },
    ...{ startedAt: 1, sentAt: 2, intervalMs: 30_000, running: [], facts: {} },
  },
}

/** Where in a message of each kind the hostile value may stand: a field that is known, or one of a later version. */
const places: Readonly<Record<MessageKind, readonly string[]>> = {
  command: ['targets', 'action', 'issuer', 'filter', 'later'],
  reply: ['segments', 'frame', 'agentId', 'later'],
  facts: ['facts', 'problems', 'running', 'later'],
}

/** Values that take far more to parse, or to walk, than to send; each in a size that `size` draws. */
const values: Readonly<Record<string, (size: (least: number, most: number) => number) => string>> = {
  'arrays within arrays': (size) => nested('[', ']', size(60_000, 1_000_000)),
  'objects within objects': (size) => nested('{"a":', '}', size(60_000, 400_000), '0'),
  'arrays and objects in turn': (size) => nested('[{"b":', '}]', size(40_000, 300_000), '0'),
  'arrays that never end': (size) => '['.repeat(size(100_000, 2_000_000)),
  'small objects': (size) => list('{"a":{}}', size(200_000, 500_000)),
  'empty objects': (size) => list('{}', size(400_000, 1_300_000)),
  'empty arrays': (size) => list('[]', size(400_000, 1_300_000)),
  'short texts': (size) => list('"a"', size(300_000, 1_000_000)),
  'small numbers': (size) => list('7.5', size(300_000, 1_000_000)),
  'many keys': (size) =>
    `{${Array.from({ length: size(60_000, 200_000) }, (_, index) => `"k${index}":0`).join()}}`,
  'objects that each have a key of their own': (size) =>
    `[${Array.from({ length: size(60_000, 200_000) }, (_, index) => `{"${index}":0}`).join()}]`,
  'one key again and again': (size) => `{${list('"a":{}', size(200_000, 400_000)).slice(1, -1)}}`,
  'prototypes within prototypes': (size) => nested('{"__proto__":', '}', size(30_000, 500_000), '{}'),
  'constructors and prototypes': (size) =>
    `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":${list('{}', size(1, 1_000_000))}}`,
  'a long text': (size) => `"${'x'.repeat(size(1_000_000, 5_000_000))}"`,
  'a long key': (size) => `{"${'k'.repeat(size(500_000, 5_000_000))}":0}`,
  'a text of escapes': (size) => `"${'\\u0000'.repeat(size(100_000, 800_000))}"`,
  'halves of characters': (size) => `"${'\\ud800\\udc00\\udfff'.repeat(size(20_000, 250_000))}"`,
  'a text that never ends': (size) => `"${'\\\\\\"'.repeat(size(100_000, 2_000_000))}`,
  'a long number': (size) => '9'.repeat(size(100_000, 5_000_000)),
  'a number with a huge exponent': (size) => `[1e${size(400, 999_999_999)},-1e-999999999]`,
  'numbers beyond what is exact': (size) => `${size(1, 9)}e300`,
}

/** Bodies that are hostile before their message is looked at. */
const envelopes: Readonly<
  Record<string, (message: string, size: (least: number, most: number) => number) => string>
> = {
  'a body of brackets': (_, size) => '['.repeat(size(60_000, 1_000_000)),
  'a body of empty objects': (_, size) => list('{}', size(60_000, 340_000)),
  'a body with many fields': (message, size) =>
    `{"v":1,"m":${JSON.stringify(message)},"later":${list('{"a":{}}', size(20_000, 110_000))}}`,
  'a body that is nested': (message, size) =>
    `{"v":1,"m":${JSON.stringify(message)},"later":${nested('[', ']', size(10_000, 400_000))}}`,
  'a gzip bomb as message': (_, size) => `{"v":1,"mz":"${bomb(size(5_000_000, 40_000_000))}"}`,
  'a gzip bomb as data': (message, size) =>
    `{"v":1,"m":${JSON.stringify(message)},"dz":"${bomb(size(5_000_000, 40_000_000))}"}`,
  'many gzips in a row': (message, size) => {
    const members = Buffer.concat(Array.from({ length: size(100, 3_000) }, () => gzipSync('')))
    return `{"v":1,"m":${JSON.stringify(message)},"dz":"${members.toString('base64')}"}`
  },
  'half a gzip': (message, size) => {
    const base64 = gzipSync(message.repeat(50)).toString('base64')
    return `{"v":1,"mz":"${base64.slice(0, size(4, base64.length - 8))}"}`
  },
  'text that is not base64': (_, size) => `{"v":1,"mz":"${'=*%'.repeat(size(1_000, 300_000))}"}`,
  'a signature without end': (message, size) =>
    `{"v":1,"m":${JSON.stringify(message)},"sig":{"key":"${'k'.repeat(size(1_000, 900_000))}","value":""}}`,
}

/** Bodies of every shape that are meant to end whoever opens them; the same for the same seed. SQS would take each. */
export function* hostileBodies(kind: MessageKind, seed: number): Generator<HostileBody> {
  const dice = createDice(seed)(kind)
  const size = (least: number, most: number) => dice.between([least, most])
  const message = harmless[kind]
  for (const [shape, make] of Object.entries(values)) {
    const place = places[kind][size(0, places[kind].length - 1)] as string
    const { [place]: _, ...others } = message
    const text = `${JSON.stringify(others).slice(0, -1)},"${place}":${make(size)}}`
    yield { shape: `${shape} as ${place}`, body: packed(text) }
  }
  for (const [shape, make] of Object.entries(envelopes))
    yield { shape, body: make(JSON.stringify(message), size) }
}

/** A message in the smallest body. */
export function packed(text: string): string {
  return JSON.stringify({ v: 1, mz: gzipSync(text, { level: 1 }).toString('base64') })
}

function nested(open: string, close: string, levels: number, inside = ''): string {
  return open.repeat(levels) + inside + close.repeat(levels)
}

function list(item: string, count: number): string {
  return `[${`${item},`.repeat(count)}${item}]`
}

function bomb(bytes: number): string {
  return gzipSync(Buffer.alloc(bytes), { level: 1 }).toString('base64')
}
