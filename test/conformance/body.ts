import { createPublicKey, verify } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { objectAt } from './fields.ts'
import { checkMessage, type Message, type QueueKind } from './messages.ts'

export interface Opened {
  readonly message: Message
  readonly data: Buffer
  readonly sig: { readonly key: string; readonly value: string } | undefined
  /** What a signature has to cover. */
  readonly signedBytes: Buffer
}

interface Bounds {
  readonly characters: number
  readonly levels: number
  readonly marks: number
}

const bounds: Readonly<Record<QueueKind | 'body', Bounds>> = {
  body: { characters: 1_048_576, levels: 8, marks: 100 },
  command: { characters: 4_194_304, levels: 16, marks: 50_000 },
  reply: { characters: 1_048_576, levels: 16, marks: 50_000 },
  facts: { characters: 1_048_576, levels: 66, marks: 50_000 },
}

/** @throws Error in words */
export function openBody(body: string, queue: QueueKind): Opened {
  const { v, m, mz, d, dz, sig } = objectAt(parse(body, bounds.body), 'body')
  if (v !== 1) throw new Error('not of version 1')
  for (const value of [m, mz, d, dz])
    if (value !== undefined && typeof value !== 'string') throw new Error('no text')
  const message = m ?? (mz === undefined ? undefined : unpack(mz, bounds[queue].characters).toString('utf8'))
  if (typeof message !== 'string') throw new Error('no message')
  const data = dz === undefined ? Buffer.from(String(d ?? ''), 'base64') : unpack(dz, 1_048_576)
  return {
    message: checkMessage(parse(message, bounds[queue]), queue),
    data,
    sig: sig === undefined ? undefined : signatureIn(sig),
    signedBytes: signedBytes(message, data),
  }
}

/** Without gzip, which is allowed for every length that a queue takes. */
export function sealBody(message: Message, data: Uint8Array = new Uint8Array()): string {
  const d = data.length === 0 ? {} : { d: Buffer.from(data).toString('base64') }
  return ascii({ v: 1, m: ascii(message), ...d })
}

/** The same, packed as far as that is possible. */
export function sealPacked(message: Message, data: Uint8Array = new Uint8Array()): string {
  const dz = data.length === 0 ? {} : { dz: gzipSync(data).toString('base64') }
  return ascii({ v: 1, mz: gzipSync(ascii(message)).toString('base64'), ...dz })
}

export function signedBytes(message: string, data: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`ec2-collective/1\n${data.length}\n${message}\n`), data])
}

/** @param publicKey as in `ssh-ed25519 AAAA…` */
export function isSignedBy({ sig, signedBytes }: Opened, publicKey: string): boolean {
  const raw = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64').subarray(-32)
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw])
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
  return sig !== undefined && verify(null, signedBytes, key, Buffer.from(sig.value, 'base64'))
}

function signatureIn(sig: unknown): { readonly key: string; readonly value: string } {
  const { key, value } = objectAt(sig, 'sig')
  if (typeof key !== 'string' || typeof value !== 'string' || key.length > 128 || value.length > 128)
    throw new Error('no signature')
  return { key, value }
}

function parse(text: string, { characters, levels, marks }: Bounds): unknown {
  if (text.length > characters) throw new Error('too long')
  const outside = text.replace(/"(?:[^"\\]|\\.)*"/g, '')
  if ((outside.match(/[{[,:]/g)?.length ?? 0) > marks) throw new Error('too many marks')
  let level = 0
  for (const [mark] of outside.matchAll(/[{}[\]]/g)) {
    level += mark === '{' || mark === '[' ? 1 : -1
    if (level > levels) throw new Error('too deep')
  }
  return JSON.parse(text)
}

function unpack(base64: unknown, most: number): Buffer {
  return gunzipSync(Buffer.from(String(base64), 'base64'), { maxOutputLength: most })
}

function ascii(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\0-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
