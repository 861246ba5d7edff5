import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linesOf } from '../../../../src/master/store/lines.ts'

let directory: string
let path: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lines-'))
  path = join(directory, 'text')
})
afterAll(() => rm(directory, { recursive: true, force: true }))

describe('linesOf', () => {
  it('gives every whole line, wherever chunks end, and where the last one ends', async () => {
    const aLine = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.integer({ min: 250_000, max: 300_000 }).map((length) => 'é'.repeat(length / 2)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(aLine, { maxLength: 8 }), fc.string(), async (drawn, unfinished) => {
        const lines = drawn.map((line) => line.replaceAll('\n', ' '))
        const whole = lines.map((line) => `${line}\n`).join('')
        await writeFile(path, whole + unfinished.replaceAll('\n', ' '))
        const read = await readAll()
        expect(read.lines).toEqual(lines.map((line) => Buffer.from(line).toString()))
        expect(read.end).toBe(Buffer.byteLength(whole))
      }),
      { numRuns: 25 },
    )
  })

  it('leaves out what is too long to be a line, and goes on behind it', async () => {
    await writeFile(path, `first\n${'x'.repeat(1_000_000)}\n${'y'.repeat(1000)}\nlast\n`)
    expect((await readAll(1000)).lines).toEqual(['first', 'y'.repeat(1000), 'last'])
  })

  it('needs no more memory for a file that is larger than a string may be', async () => {
    await writeFile(path, 'first\n')
    // A hole takes no room on the disk, and reads as zeros.
    await truncate(path, 700 * 1024 * 1024)
    await appendFile(path, '\nlast\n')
    const before = process.memoryUsage().arrayBuffers
    let most = 0
    const seen: string[] = []
    for await (const { lines } of linesOf(path, 1024 * 1024)) {
      seen.push(...lines)
      most = Math.max(most, process.memoryUsage().arrayBuffers - before)
    }
    expect(seen).toEqual(['first', 'last'])
    expect(most).toBeLessThan(64 * 1024 * 1024)
  })
})

async function readAll(longest?: number): Promise<{ lines: string[]; end: number }> {
  const all: { lines: string[]; end: number } = { lines: [], end: 0 }
  for await (const { lines, end } of linesOf(path, longest)) {
    all.lines.push(...lines)
    all.end = end
  }
  return all
}
