import type { Chunk } from '../protocol/frames.ts'
import type { RunAgent } from './runJson.ts'

/** What must be known about an output before it is written. */
export interface OutputSurvey {
  readonly order: RunAgent['order']
  readonly bytes: Readonly<Record<1 | 2, number>>
  readonly isText: Readonly<Record<1 | 2, boolean>>
}

/** Reads the output of one agent, in the order in which it was written, and keeps none of it. */
export async function surveyOutput(chunks: AsyncIterable<Chunk>): Promise<OutputSurvey> {
  const order: [stream: 'stdout' | 'stderr', bytes: number][] = []
  const bytes = { 1: 0, 2: 0 }
  const isText = { 1: true, 2: true }
  const decoders = { 1: strictDecoder(), 2: strictDecoder() }
  for await (const chunk of chunks) {
    const { stream } = chunk
    bytes[stream] += chunk.bytes.length
    const name = stream === 1 ? 'stdout' : 'stderr'
    const last = order.at(-1)
    if (last?.[0] === name) last[1] += chunk.bytes.length
    else order.push([name, chunk.bytes.length])
    isText[stream] &&= decodes(decoders[stream], chunk.bytes)
  }
  for (const stream of [1, 2] as const) isText[stream] &&= decodes(decoders[stream])
  return { order, bytes, isText }
}

/** One stream of an output as a JSON value, in pieces: text, or base64 where the stream is not UTF-8. */
export async function* outputJson(
  chunks: AsyncIterable<Chunk>,
  wanted: 1 | 2,
  { isText }: Pick<OutputSurvey, 'isText'>,
): AsyncGenerator<string> {
  const encode = isText[wanted] ? textEncoder() : base64Encoder()
  yield isText[wanted] ? '"' : '{"base64":"'
  for await (const { stream, bytes } of chunks) if (stream === wanted) yield encode(bytes)
  yield encode(undefined)
  yield isText[wanted] ? '"' : '"}'
}

/** Chunks may end within a character: its rest comes with the next. `undefined` ends the text. */
function textEncoder(): (bytes: Uint8Array | undefined) => string {
  const decoder = strictDecoder()
  return (bytes) => JSON.stringify(decoder.decode(bytes, { stream: bytes !== undefined })).slice(1, -1)
}

/** Base64 encodes 3 bytes in 4 characters: the rest of a chunk waits for the next. `undefined` ends it. */
function base64Encoder(): (bytes: Uint8Array | undefined) => string {
  let rest = Buffer.alloc(0)
  return (bytes) => {
    if (bytes === undefined) return rest.toString('base64')
    const all = Buffer.concat([rest, bytes])
    const whole = all.length - (all.length % 3)
    rest = Buffer.from(all.subarray(whole))
    return all.toString('base64', 0, whole)
  }
}

function decodes(decoder: ReturnType<typeof strictDecoder>, bytes?: Uint8Array): boolean {
  try {
    decoder.decode(bytes, { stream: bytes !== undefined })
    return true
  } catch {
    return false
  }
}

/** `ignoreBOM` keeps a byte order mark: it is one of the bytes. */
function strictDecoder() {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
}
