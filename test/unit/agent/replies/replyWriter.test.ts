import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ReplyWriter } from '../../../../agent/src/replies/replyWriter.ts'
import { SpooledReply } from '../../../../agent/src/store/spooledReply.ts'
import { openBody } from '../../../../src/protocol/envelope.ts'
import { type Chunk, ReplyAssembly } from '../../../../src/protocol/frames.ts'
import type { ResultMessage } from '../../../../src/protocol/messages.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'writer-'))
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

interface Written {
  readonly result: ResultMessage
  readonly bodies: string[]
  /** What a master puts together again. */
  readonly chunks: Chunk[]
  readonly state: string
}

async function write(
  output: readonly Chunk[],
  o: {
    limitBytes?: number
    bodyLimit?: number
    path?: string
    flushAfter?: number
    beforeEnd?: () => void
  } = {},
): Promise<Written> {
  const spooled = new SpooledReply(o.path ?? join(directory, 'reply'))
  const writer = new ReplyWriter({
    runId: 'run-00000001',
    from: { agentId: 'agent-1', hostname: 'host' },
    spooled,
    outputLimitBytes: o.limitBytes ?? 1_000_000_000,
    bodyLimit: async () => o.bodyLimit ?? 65_536,
    tailPath: join(directory, 'tail'),
    now: () => 1,
    onBody: () => {},
  })
  for (const [index, chunk] of output.entries()) {
    await writer.write(chunk)
    if (index === o.flushAfter) await writer.flush()
  }
  o.beforeEnd?.()
  await writer.finish({ kind: 'exited', code: 0 }, 5)
  const bodies = Array.from({ length: spooled.count }, (_, index) => spooled.body(index))
  spooled.close()
  const assembly = new ReplyAssembly()
  const chunks: Chunk[] = []
  let result: ResultMessage | undefined
  for (const { message, data } of bodies.map((body) => openBody(body, 'reply'))) {
    if (message.type === 'output') chunks.push(...assembly.add(message.frame, message.segments, data))
    if (message.type !== 'result') continue
    result = message
    if (message.last !== undefined)
      chunks.push(...assembly.add(message.last.frame, message.last.segments, data))
    assembly.finish(message)
  }
  return { result: result as ResultMessage, bodies, chunks, state: assembly.state() }
}

const bytesOf = (chunks: readonly Chunk[], stream: 1 | 2) =>
  Buffer.concat(chunks.filter((chunk) => chunk.stream === stream).map(({ bytes }) => bytes))

/** Bytes that do not compress, the same each time. */
function noise(length: number, seed = 1): Buffer {
  const parts: Buffer[] = []
  for (let index = 0; index * 32 < length; index += 1) {
    parts.push(createHash('sha256').update(`${seed} ${index}`).digest())
  }
  return Buffer.concat(parts).subarray(0, length)
}

describe('a reply', () => {
  it('without output is a result alone', async () => {
    const { result, bodies, state } = await write([])
    expect(bodies.length).toBe(1)
    expect(result).toMatchObject({ frames: 0, durationMs: 5, stdout: { bytes: 0, droppedBytes: 0 } })
    expect(result.last).toBeUndefined()
    expect(state).toBe('complete')
  })

  it('with little output carries it in the result', async () => {
    const { result, bodies } = await write([
      { stream: 1, bytes: Buffer.from('out') },
      { stream: 2, bytes: Buffer.from('err') },
    ])
    expect(bodies.length).toBe(1)
    expect(result.last).toEqual({
      frame: 0,
      segments: [
        [1, 3],
        [2, 3],
      ],
    })
  })

  it('that is finished takes nothing more: not from a flush that comes too late', async () => {
    const spooled = new SpooledReply(join(directory, 'reply'))
    const writer = new ReplyWriter({
      runId: 'run-00000001',
      from: { agentId: 'agent-1', hostname: 'host' },
      spooled,
      outputLimitBytes: 1_000,
      bodyLimit: async () => 65_536,
      tailPath: join(directory, 'tail'),
      now: () => 1,
      onBody: () => {},
    })
    await writer.write({ stream: 1, bytes: Buffer.from('out') })
    await Promise.all([writer.finish({ kind: 'exited', code: 0 }, 5), writer.flush()])
    expect(spooled.isFinished).toBe(true)
    expect(spooled.count).toBe(1)
    spooled.close()
  })

  it('that goes to both streams in turn is in frames that masters read', async () => {
    const bytes = Buffer.from('x')
    const output = Array.from(
      { length: 20_000 },
      (_, index): Chunk => ({ stream: index % 2 === 0 ? 1 : 2, bytes }),
    )
    const { bodies, chunks, state } = await write(output, { bodyLimit: 1_000_000 })
    expect(state).toBe('complete')
    expect(bodies.length).toBe(3)
    expect(bytesOf(chunks, 1).length).toBe(10_000)
  })

  it('never has a body larger than the queue takes', async () => {
    const { bodies, state } = await write([{ stream: 1, bytes: noise(300_000) }], { bodyLimit: 10_000 })
    expect(Math.max(...bodies.map((body) => body.length))).toBeLessThanOrEqual(10_000)
    expect(bodies.length).toBeGreaterThan(40)
    expect(state).toBe('complete')
  })

  it('is whole in the end, although a step in between failed', async () => {
    const spooled = new SpooledReply(join(directory, 'reply'))
    let isBroken = true
    const writer = new ReplyWriter({
      runId: 'run-00000001',
      from: { agentId: 'agent-1', hostname: 'host' },
      spooled,
      outputLimitBytes: 1_000,
      bodyLimit: async () => {
        if (isBroken) throw new Error('a mistake')
        return 65_536
      },
      tailPath: join(directory, 'tail'),
      now: () => 1,
      onBody: () => {},
    })
    writer.write({ stream: 1, bytes: Buffer.from('out') })
    await expect(writer.flush()).rejects.toThrow('a mistake')
    isBroken = false
    await writer.flush()
    await writer.finish({ kind: 'exited', code: 0 }, 5)
    expect([spooled.count, spooled.isFinished]).toEqual([2, true])
    spooled.close()
  })

  it('has its result, with the missing counted, although the disk lost the end of the output', async () => {
    const lose = () => {
      for (const name of readdirSync(directory))
        if (name.startsWith('tail')) truncateSync(join(directory, name))
    }
    const { result, state } = await write([{ stream: 1, bytes: noise(500_000) }], {
      ...{ limitBytes: 1_000, beforeEnd: lose },
    })
    expect(state).toBe('complete')
    expect(result.stdout).toMatchObject({ bytes: 500, droppedBytes: 499_500 })
  })

  it('leaves no files of its own', async () => {
    await write([{ stream: 1, bytes: noise(500_000) }], { limitBytes: 1_000 })
    expect(readdirSync(directory)).toEqual(['reply'])
  })

  it('gives head and tail within the limit and counts what is left out, whatever is written', {
    timeout: 60_000,
  }, async () => {
    const anyChunk = fc.record({
      stream: fc.constantFrom(1 as const, 2 as const),
      length: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 150_000 })),
    })
    const anything = [
      fc.array(anyChunk, { maxLength: 25 }),
      fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 600_000 })),
      fc.integer({ min: 0, max: 30 }),
    ] as const
    await fc.assert(
      fc.asyncProperty(...anything, async (lengths, limitBytes, flushAfter) => {
        const output = lengths.map(({ stream, length }, index) => ({ stream, bytes: noise(length, index) }))
        const { result, chunks, state } = await write(output, { limitBytes, flushAfter })
        expect(state).toBe('complete')
        const all = Buffer.concat(output.map(({ bytes }) => bytes))
        const sent = Buffer.concat(chunks.map(({ bytes }) => bytes))
        const head = Math.min(Math.ceil(limitBytes / 2), all.length)
        expect(sent.length).toBe(Math.min(limitBytes, all.length))
        expect(sent.subarray(0, head).equals(all.subarray(0, head))).toBe(true)
        expect(sent.subarray(head).equals(all.subarray(all.length - (sent.length - head)))).toBe(true)
        for (const [stream, digest] of [
          [1, result.stdout],
          [2, result.stderr],
        ] as const) {
          const written = bytesOf(output, stream)
          const kept = bytesOf(chunks, stream)
          expect(digest.bytes + digest.droppedBytes).toBe(written.length)
          expect(kept.length).toBe(digest.bytes)
          if (digest.droppedBytes === 0) continue
          const at = digest.droppedAt as number
          expect(kept.subarray(0, at).equals(written.subarray(0, at))).toBe(true)
          expect(kept.subarray(at).equals(written.subarray(at + digest.droppedBytes))).toBe(true)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('on a full disk says what it had to leave out', async () => {
    const output = Array.from({ length: 6 }, (_, index) => ({
      stream: 1 as const,
      bytes: noise(1_000_000, index),
    }))
    const { result, state } = await write(output, { path: '/dev/full' })
    expect(state).toBe('complete')
    expect(result.stdout.bytes).toBeGreaterThan(2_000_000)
    expect(result.stdout.bytes + result.stdout.droppedBytes).toBe(6_000_000)
    expect(result.stdout.droppedBytes).toBeGreaterThan(0)
    expect(result.stdout.droppedAt).toBe(result.stdout.bytes)
  })
})
