import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openBody, sealBody } from '../../../src/protocol/envelope.ts'
import { type Chunk, createFramePacker, maxFrameBytes, ReplyAssembly } from '../../../src/protocol/frames.ts'
import type { OutputMessage, Segment } from '../../../src/protocol/messages.ts'

describe('frames', () => {
  it('give back the exact bytes in any order, however often each comes', () => {
    fc.assert(
      fc.property(fc.array(anyChunk, { maxLength: 20 }), anyLimit, anyDelivery, (chunks, limit, delivery) => {
        const bodies = packAll(chunks, limit)
        const assembly = new ReplyAssembly()
        const received: Chunk[] = []
        for (const body of delivery(bodies)) {
          const { message, data } = openOutput(body)
          received.push(...assembly.add(message.frame, message.segments as Segment[], data))
        }
        assembly.finish(promiseOf(chunks, bodies.length))
        expect(assembly.state()).toBe('complete')
        expect(assembly.missing()).toEqual([])
        expect(inOrder(received)).toEqual(inOrder(chunks))
      }),
    )
  })

  it('never exceed the limit, however the output compresses', () => {
    fc.assert(
      fc.property(fc.array(anyChunk, { minLength: 1, maxLength: 20 }), anyLimit, (chunks, limit) => {
        for (const body of packAll(chunks, limit)) expect(Buffer.byteLength(body)).toBeLessThanOrEqual(limit)
      }),
    )
  })

  it('use a limit to its last byte', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 30_000 }), (size) => {
        const pending: Chunk[] = [{ stream: 1, bytes: noise(size) }]
        const exact = seal()([[1, size]], noise(size)).length
        expect(createFramePacker(exact, seal()).pack(pending).rest).toEqual([])
        expect(createFramePacker(exact - 1, seal()).pack(pending).rest).not.toEqual([])
      }),
    )
  })

  it('are nearly full as long as more is pending, even after many small ones', () => {
    const limit = 65_536
    const packer = createFramePacker(limit, seal())
    for (let line = 0; line < 50; line += 1) packer.pack([{ stream: 1, bytes: Buffer.from('one line\n') }])
    let pending: Chunk[] = [{ stream: 1, bytes: noise(1_000_000) }]
    const sizes: number[] = []
    for (let size = pending[0]?.bytes.length ?? 0; size > 0; ) {
      const { body, bytes, rest } = packer.pack(pending)
      sizes.push(body.length)
      pending = rest
      size -= bytes
    }
    for (const size of sizes.slice(0, -1)) expect(size).toBeGreaterThan(limit * 0.9)
  })

  it('become large again when incompressible output turns into text', () => {
    const packer = createFramePacker(65_536, seal())
    packer.pack([{ stream: 1, bytes: noise(500_000) }])
    const text: Chunk[] = [
      { stream: 1, bytes: Buffer.from('the same line again and again\n'.repeat(30_000)) },
    ]
    expect(packer.pack(text).bytes).toBeGreaterThan(400_000)
  })

  it('carry at most what the other side unpacks at a time', () => {
    const { bytes } = createFramePacker(1_000_000, seal()).pack([
      { stream: 1, bytes: Buffer.alloc(3 * maxFrameBytes) },
    ])
    expect(bytes).toBe(maxFrameBytes)
  })

  it('hold no more segments than masters read, when a program writes to both streams in turn', () => {
    const bytes = Buffer.from('x')
    const chunks = Array.from(
      { length: 30_000 },
      (_, index): Chunk => ({ stream: index % 2 === 0 ? 1 : 2, bytes }),
    )
    const bodies = packAll(chunks, 1_000_000).map(openOutput)
    expect(bodies.map(({ message }) => message.segments.length)).toEqual([8192, 8192, 8192, 5424])
    const assembly = new ReplyAssembly()
    const received = bodies.flatMap(({ message, data }) =>
      assembly.add(message.frame, message.segments as Segment[], data),
    )
    expect(inOrder(received)).toEqual(inOrder(chunks))
  })

  it('cannot be made for a queue that has no room for a single byte', () => {
    expect(() => createFramePacker(100, seal()).pack([{ stream: 1, bytes: noise(10) }])).toThrow(
      /MaximumMessageSize of 100 bytes/,
    )
  })
})

describe('ReplyAssembly', () => {
  it('names every frame that is lost, and only those', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(60), { minLength: 1 }), fc.nat(20), (lost, more) => {
        const frames = Math.max(...lost) + 1 + more
        const assembly = new ReplyAssembly()
        for (let frame = frames - 1; frame >= 0; frame -= 1) {
          if (!lost.includes(frame)) assembly.add(frame, [[1, 1]], Buffer.from([frame]))
        }
        assembly.finish(promiseOf([{ stream: 1, bytes: Buffer.from([...Array(frames).keys()]) }], frames))
        expect(assembly.state()).toBe('open')
        expect(assembly.missing()).toEqual(lost.toSorted((a, b) => a - b))
        for (const frame of lost) assembly.add(frame, [[1, 1]], Buffer.from([frame]))
        expect(assembly.state()).toBe('complete')
      }),
    )
  })

  it('says that output is damaged when it is not what the agent sent', () => {
    const assembly = new ReplyAssembly()
    assembly.add(0, [[1, 4]], Buffer.from('true'))
    assembly.finish(promiseOf([{ stream: 1, bytes: Buffer.from('fals') }], 1))
    expect(assembly.state()).toBe('damaged')
  })

  it('tells streams apart by their digests: the same bytes on the other stream are not the same', () => {
    const assembly = new ReplyAssembly()
    assembly.add(0, [[2, 4]], Buffer.from('text'))
    assembly.finish(promiseOf([{ stream: 1, bytes: Buffer.from('text') }], 1))
    expect(assembly.state()).toBe('damaged')
  })

  it('goes on where an earlier one stood', () => {
    fc.assert(
      fc.property(
        fc.array(anyChunk, { minLength: 1, maxLength: 20 }),
        anyLimit,
        fc.nat(),
        (chunks, limit, at) => {
          const bodies = packAll(chunks, limit).map(openOutput)
          const cut = at % (bodies.length + 1)
          const first = new ReplyAssembly()
          const kept = bodies
            .slice(0, cut)
            .flatMap(({ message, data }) => first.add(message.frame, message.segments as Segment[], data))
          const second = ReplyAssembly.resume(first.frames, kept)
          for (const { message, data } of bodies)
            kept.push(...second.add(message.frame, message.segments as Segment[], data))
          second.finish(promiseOf(chunks, bodies.length))
          expect(second.state()).toBe('complete')
          expect(inOrder(kept)).toEqual(inOrder(chunks))
        },
      ),
    )
  })

  it('takes a frame whose segments are not those of its data as missing', () => {
    const assembly = new ReplyAssembly()
    expect(() => assembly.add(0, [[1, 3]], Buffer.from('ab'))).toThrow(/2 bytes whose segments say 3/)
    expect(assembly.add(0, [[1, 2]], Buffer.from('ab'))).toHaveLength(1)
  })

  it('is not impressed by frame numbers that nobody could have sent', () => {
    const assembly = new ReplyAssembly()
    assembly.add(Number.MAX_SAFE_INTEGER - 1, [], Buffer.alloc(0))
    expect(assembly.missing()).toHaveLength(1000)
    assembly.finish({ ...promiseOf([], 0), frames: Number.MAX_SAFE_INTEGER })
    expect(assembly.missing(7)).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  it('holds no more than it can afford while an earlier frame is missing', () => {
    const assembly = new ReplyAssembly()
    const mebibyte = Buffer.alloc(1024 * 1024)
    for (let frame = 1; frame < 100; frame += 1) assembly.add(frame, [[1, mebibyte.length]], mebibyte)
    const released = assembly.add(0, [[1, mebibyte.length]], mebibyte)
    expect(released.length).toBeLessThan(66)
    assembly.finish(promiseOf([], 100))
    expect(assembly.missing()[0]).toBe(released.length)
  })
})

/** From the smallest that SQS allows. */
const anyLimit = fc.oneof(fc.integer({ min: 1024, max: 2048 }), fc.integer({ min: 1024, max: 40_000 }))

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.nat(20_000).map((size) => new Uint8Array(size).fill(120)),
  fc.nat(8_000).map((size) => noise(size)),
)

const anyChunk: fc.Arbitrary<Chunk> = fc.record({
  stream: fc.constantFrom(1 as const, 2 as const),
  bytes: anyBytes,
})

/** Any order, each at least once. */
const anyDelivery = fc.infiniteStream(fc.nat()).map((random) => (bodies: readonly string[]) => {
  const next = () => random.next().value as number
  const all = bodies.flatMap((body) => (next() % 3 === 0 ? [body, body] : [body]))
  return all
    .map((body) => ({ body, place: next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ body }) => body)
})

function packAll(chunks: readonly Chunk[], limit: number): string[] {
  const bodies: string[] = []
  let pending = chunks.filter(({ bytes }) => bytes.length > 0)
  let frame = 0
  const packer = createFramePacker(limit, (segments, data) => seal(frame)(segments, data))
  while (pending.length > 0) {
    const { body, rest } = packer.pack(pending)
    bodies.push(body)
    pending = rest
    frame += 1
  }
  return bodies
}

function seal(frame = 0) {
  const from = {
    runId: 'run-of-a-test',
    agentId: 'i-0123456789abcdef0',
    hostname: 'web01.example.org',
    sentAt: 1,
  }
  return (segments: Segment[], data: Uint8Array) =>
    sealBody({ type: 'output', ...from, frame, segments }, data)
}

function openOutput(body: string): { message: OutputMessage; data: Uint8Array } {
  const { message, data } = openBody(body, 'reply')
  if (message.type !== 'output') throw new Error(message.type)
  return { message, data }
}

function promiseOf(chunks: readonly Chunk[], frames: number) {
  const digest = (stream: 1 | 2) => {
    const hash = createHash('sha256')
    for (const chunk of chunks) if (chunk.stream === stream) hash.update(chunk.bytes)
    return { sha256: hash.digest('hex') }
  }
  return { frames, stdout: digest(1), stderr: digest(2) }
}

/** Runs of bytes of one stream, joined: how output was written, whatever the pieces. */
function inOrder(chunks: readonly Chunk[]): [number, string][] {
  const runs: { stream: number; parts: Uint8Array[] }[] = []
  for (const { stream, bytes } of chunks) {
    if (bytes.length === 0) continue
    const last = runs.at(-1)
    if (last?.stream === stream) last.parts.push(bytes)
    else runs.push({ stream, parts: [bytes] })
  }
  return runs.map(({ stream, parts }) => [
    stream,
    createHash('sha256').update(Buffer.concat(parts)).digest('hex'),
  ])
}

/** Incompressible, and the same each time. */
function noise(size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let state = 0x2545f491
  for (let index = 0; index < size; index += 1) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[index] = state
  }
  return bytes
}
