import { randomUUID } from 'node:crypto'
import { appendFile, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OutputLog } from '../../../../src/master/store/outputLog.ts'
import type { Chunk } from '../../../../src/protocol/frames.ts'

let directory: string
const newPath = () => join(directory, randomUUID())

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'output-log-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

describe('OutputLog', () => {
  it('gives each agent its own output, in order, at any range, now and after it was opened again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyAppend, { maxLength: 30 }),
        fc.nat(400),
        fc.nat(400),
        async (appends, from, limit) => {
          const path = newPath()
          const log = await OutputLog.resume(path)
          for (const [agentId, chunks] of appends) log.append(agentId, chunks)
          const before = log
          const after = await OutputLog.open(await flushed(log, path))
          for (const opened of [before, after]) {
            for (const agentId of agentIds) {
              const all = bytesOf(appends.filter(([id]) => id === agentId).flatMap(([, chunks]) => chunks))
              expect(bytesOf(await opened.read(agentId))).toEqual(all)
              expect(opened.bytes(agentId)).toBe(all.length)
              expect(bytesOf(await opened.read(agentId, from, limit))).toEqual(
                all.subarray(from, from + limit),
              )
            }
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  it('gives thousands their output at once, and again when it could not be opened in between', async () => {
    const path = newPath()
    const log = await OutputLog.resume(path)
    const ids = Array.from({ length: 3000 }, (_, index) => `i-${index}`)
    for (const id of ids) log.append(id, [{ stream: 1, bytes: Buffer.from(`${id} says this`) }])
    const all = () => Promise.all(ids.map(async (id) => bytesOf(await log.read(id)).toString()))
    const said = ids.map((id) => `${id} says this`)
    expect(await all()).toEqual(said)
    await rename(path, `${path}.away`)
    await expect(all()).rejects.toThrow('ENOENT')
    await rename(`${path}.away`, path)
    expect(await all()).toEqual(said)
  })

  it('keeps the streams apart and in their mutual order', async () => {
    const log = await OutputLog.resume(newPath())
    log.append('a', [chunk(1, 'out'), chunk(2, 'err')])
    log.append('b', [chunk(1, 'else')])
    log.append('a', [chunk(1, 'more')])
    expect((await log.read('a')).map(({ stream, bytes }) => [stream, Buffer.from(bytes).toString()])).toEqual(
      [
        [1, 'out'],
        [2, 'err'],
        [1, 'more'],
      ],
    )
  })

  it('cut at any byte keeps every whole record before it, and goes on from there', async () => {
    const path = newPath()
    const log = await OutputLog.resume(path)
    for (let n = 0; n < 8; n += 1)
      log.append(n % 2 === 0 ? 'i-0a' : 'web-1', [chunk(n % 2 === 0 ? 1 : 2, `record ${n}\n1`)])
    await log.flush()
    const whole = await readFile(path)
    const all = { 'i-0a': bytesOf(await log.read('i-0a')), 'web-1': bytesOf(await log.read('web-1')) }
    for (let cut = 0; cut <= whole.length; cut += 1) {
      const torn = newPath()
      await writeFile(torn, whole.subarray(0, cut))
      const resumed = await OutputLog.resume(torn)
      for (const agentId of ['i-0a', 'web-1'] as const) {
        const kept = bytesOf(await resumed.read(agentId))
        expect(kept).toEqual(all[agentId].subarray(0, kept.length))
        expect(kept.length % 'record 0\n1'.length).toBe(0)
      }
      resumed.append('i-0a', [chunk(1, 'next')])
      await resumed.flush()
      const again = await OutputLog.open(torn)
      expect(
        bytesOf(await again.read('i-0a'))
          .subarray(-4)
          .toString(),
      ).toBe('next')
    }
  })

  it('opened for reading does not touch what another process is about to finish', async () => {
    const path = newPath()
    const log = await OutputLog.resume(path)
    log.append('a', [chunk(1, 'whole')])
    await log.flush()
    await appendFile(path, 'a 1 100\nhalf')
    const { size } = await stat(path)
    const read = await OutputLog.open(path)
    expect(bytesOf(await read.read('a')).toString()).toBe('whole')
    expect((await stat(path)).size).toBe(size)
  })

  it('leaves out what the events of the run do not know of, so that it is not there twice when it comes again', async () => {
    const path = newPath()
    const log = await OutputLog.resume(path)
    log.append('a', [chunk(1, 'known')])
    log.append('b', [chunk(1, 'known, too')])
    log.append('a', [chunk(1, 'unknown')])
    await log.flush()
    const accounted: Record<string, number> = { a: 5, b: 10 }
    const resumed = await OutputLog.resume(path, (agentId) => accounted[agentId] ?? 0)
    expect(resumed.bytes('a')).toBe(5)
    expect(resumed.bytes('b')).toBe(10)
    resumed.append('a', [chunk(1, 'unknown')])
    expect(bytesOf(await resumed.read('a')).toString()).toBe('knownunknown')
  })

  it('survives garbage', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (garbage) => {
        const path = newPath()
        await writeFile(path, garbage)
        const log = await OutputLog.resume(path)
        log.append('a', [chunk(1, 'fine')])
        expect(
          bytesOf(await log.read('a'))
            .subarray(-4)
            .toString(),
        ).toBe('fine')
      }),
      { numRuns: 40 },
    )
  })

  it('says which file could not be written', async () => {
    const log = await OutputLog.resume(join(directory, 'not-there', 'output.log'))
    log.append('a', [chunk(1, 'lost')])
    await expect(log.flush()).rejects.toThrow(/not-there\/output.log cannot be written: .*ENOENT/)
    await expect(log.read('a')).rejects.toThrow(/cannot be written/)
  })

  it('can only be read by its owner', async () => {
    const path = newPath()
    const log = await OutputLog.resume(path)
    log.append('a', [chunk(1, 'private')])
    await log.flush()
    expect((await stat(path)).mode & 0o077).toBe(0)
  })
})

const agentIds = ['a', 'i-0123456789abcdef0', 'web01:1']

async function flushed(log: OutputLog, path: string): Promise<string> {
  await log.flush()
  return path
}

function chunk(stream: 1 | 2, text: string): Chunk {
  return { stream, bytes: Buffer.from(text) }
}

function bytesOf(chunks: readonly Chunk[]): Buffer {
  return Buffer.concat(chunks.map(({ bytes }) => bytes))
}

const anyChunk = fc.record({
  stream: fc.constantFrom(1 as const, 2 as const),
  bytes: fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.constant(Buffer.from('a 1 5\nabc'))),
})
const anyAppend = fc.tuple(fc.constantFrom(...agentIds), fc.array(anyChunk, { maxLength: 4 }))
