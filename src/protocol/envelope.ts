import { type KeyObject, verify } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { type Localizable, LocalizableError, say, sentenceOf } from '../text/localizable.ts'
import { type BoundedJson, excessOf, type JsonBounds, OutOfBounds, parseBounded } from './boundedJson.ts'
import { type BodyBounds, bodyBounds, type MessageKind } from './bounds.ts'
import {
  type CommandMessage,
  type FactsMessage,
  type Message,
  parseMessage,
  type ReplyMessage,
  wireForm,
} from './messages.ts'
import { packData } from './packedData.ts'

/**
 * The body of an SQS message: JSON text, so that SQS accepts every character. `m` is the message's own JSON as a
 * string (the exact bytes that a signature covers), `mz` the same gzipped, `d`/`dz` its binary data.
 */
interface Envelope {
  readonly v: 1
  readonly m?: string
  readonly mz?: string
  readonly d?: string
  readonly dz?: string
  readonly sig?: { readonly key: string; readonly value: string }
}

/** Most characters of a signature, and of its key's name. */
const maxSignatureLength = 128

/** Messages shorter than this are sent as they are: gzip with base64 saves nothing below. */
const gzipFromBytes = 1024

/** Bytes of an ed25519 signature. */
export const signatureBytes = 64

/** A body whose signature, if it gets one, is the only part that is missing. */
export interface BodyDraft {
  /** What a signature has to cover. */
  bytesToSign(): Uint8Array
  /** The body without a signature. */
  readonly unsigned: string
  /** The body with a signature, made with the key that agents have under the name `key`. */
  signedBy(key: string, signature: Uint8Array): string
}

/** The messages of each kind. */
interface Messages {
  readonly command: CommandMessage
  readonly reply: ReplyMessage
  readonly facts: FactsMessage
}

/** A body that was read: the message, its binary data (empty where there is none) and its signature, not yet verified. */
export interface Opened<Kind extends MessageKind = MessageKind> {
  readonly message: Messages[Kind]
  readonly data: Uint8Array
  readonly signature: Signature | undefined
  /** Upper bound of the heap that `message` takes, bytes. */
  readonly heapBytes: number
}

export interface Signature {
  /** Name of the key that the sender claims to have signed with. */
  readonly key: string
  /** Whether the signature was made with the private key of this public key. */
  verifies(publicKey: KeyObject): boolean
}

/** A body that is not ours, is damaged, or is of another protocol version. `message` says which. */
export class UnreadableBody extends LocalizableError {
  override readonly name = 'UnreadableBody'
}

/** Makes the body for `message` with optional binary `data`. ASCII only, so its length is its size in bytes. */
export function sealBody(message: Message, data?: Uint8Array): string {
  return draftBody(message, data).unsigned
}

/** The same in two steps, as making a signature may take a person's time. */
export function draftBody(message: Message, data?: Uint8Array): BodyDraft {
  const text = asciiJson(wireForm(message))
  const unsigned = bodyOf(text, data)
  return {
    bytesToSign: () => signed(text, data),
    unsigned,
    signedBy(key, signature) {
      const sig = asciiJson({
        key,
        value: Buffer.from(signature).toString('base64'),
      } satisfies Envelope['sig'])
      return `${unsigned.slice(0, -1)},"sig":${sig}}`
    },
  }
}

function bodyOf(text: string, data: Uint8Array | undefined): string {
  const head = asciiJson({ v: 1, ...sealText(text) } satisfies Envelope)
  if (data === undefined || data.length === 0) return head
  const { name, base64 } = packData(data)
  // Appended by hand: base64 needs no escaping in JSON, and may be a megabyte.
  return `${head.slice(0, -1)},"${name}":"${base64}"}`
}

/**
 * Reads a body received from a queue for messages of one kind. Nothing in it is parsed that is larger, deeper or of more
 * parts than such messages are.
 * @throws UnreadableBody that says what is wrong with it
 */
export function openBody<Kind extends MessageKind>(
  body: string,
  kind: Kind,
  bounds: BodyBounds = bodyBounds,
): Opened<Kind> {
  const { json } = parse(body, bounds.envelope, say('not JSON'))
  if (!isEnvelope(json)) throw new UnreadableBody(describeForeign(json))
  const { m, mz, d, dz, sig } = json
  const text = m ?? (mz === undefined ? undefined : gunzip(mz, bounds[kind].characters).toString('utf8'))
  if (text === undefined) throw new UnreadableBody(say('an envelope without a message'))
  const data = dz !== undefined ? gunzip(dz, bounds.dataBytes) : Buffer.from(d ?? '', 'base64')
  const parsed = parse(text, bounds[kind], say('a message that is not JSON'))
  const message = understand(parsed.json)
  if (!isOfKind(message, kind)) throw new UnreadableBody(misplaced(message.type, kind))
  const signature: Signature | undefined = sig && {
    key: sig.key,
    verifies: (publicKey) => verify(null, signed(text, data), publicKey, Buffer.from(sig.value, 'base64')),
  }
  return { message, data, signature, heapBytes: parsed.heapBytes }
}

/** Why the other side would not read this message: what there is too much of in it. Undefined where it would. */
export function tooLarge(message: Message): Localizable | undefined {
  return excessOf(asciiJson(wireForm(message)), bodyBounds[kindOf(message)])
}

function parse(text: string, bounds: JsonBounds, notJson: Localizable): BoundedJson {
  try {
    return parseBounded(text, bounds)
  } catch (cause) {
    throw new UnreadableBody(cause instanceof OutOfBounds ? cause.localizable : notJson, { cause })
  }
}

function understand(json: unknown): Message {
  try {
    return parseMessage(json)
  } catch (cause) {
    throw new UnreadableBody(sentenceOf(cause), { cause })
  }
}

function kindOf({ type }: Message): MessageKind {
  return type === 'command' || type === 'facts' ? type : 'reply'
}

function isOfKind<Kind extends MessageKind>(message: Message, kind: Kind): message is Messages[Kind] {
  return kindOf(message) === kind
}

function misplaced(type: Message['type'], kind: MessageKind): Localizable {
  switch (kind) {
    case 'command':
      return say('a message of type {0} on the command queue', type)
    case 'reply':
      return say('a message of type {0} on the reply queue', type)
    case 'facts':
      return say('a message of type {0} on the facts queue', type)
  }
}

/** Written by hand: every received body is checked, and a schema would take as long as parsing it. */
function isEnvelope(json: unknown): json is Envelope {
  if (typeof json !== 'object' || json === null) return false
  const { v, m, mz, d, dz, sig } = json as Record<string, unknown>
  const areTexts = isTextOrNothing(m) && isTextOrNothing(mz) && isTextOrNothing(d) && isTextOrNothing(dz)
  return v === 1 && areTexts && (sig === undefined || isSignature(sig))
}

function isTextOrNothing(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}

function isSignature(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return false
  const { key, value } = json as Record<string, unknown>
  return [key, value].every((text) => typeof text === 'string' && text.length <= maxSignatureLength)
}

function sealText(text: string): { m: string } | { mz: string } {
  if (text.length < gzipFromBytes) return { m: text }
  const zipped = gzipSync(text).toString('base64')
  return zipped.length < text.length ? { mz: zipped } : { m: text }
}

/** The bytes that a signature covers. The length prevents moving bytes between message and data. */
function signed(text: string, data: Uint8Array = new Uint8Array()): Buffer {
  return Buffer.concat([Buffer.from(`ec2-collective/1\n${data.length}\n${text}\n`), data])
}

function gunzip(base64: string, mostBytes: number): Buffer {
  try {
    return gunzipSync(Buffer.from(base64, 'base64'), { maxOutputLength: mostBytes })
  } catch (cause) {
    const isTooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    throw new UnreadableBody(
      isTooLarge ? say('unpacks to more than {0} bytes', mostBytes) : say('damaged gzip data'),
      { cause },
    )
  }
}

/** JSON in ASCII: its length is its size in bytes, and it contains no character that SQS rejects. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function describeForeign(json: unknown): Localizable {
  const version = typeof json === 'object' && json !== null && 'v' in json ? json.v : undefined
  if (typeof version === 'number')
    return say('protocol version {0}, but this side supports only version 1', version)
  return say('JSON that is not a message of EC2 Collective')
}
