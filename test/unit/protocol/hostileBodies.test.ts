import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MessageKind } from '../../../src/protocol/bounds.ts'
import { harmless, hostileBodies, packed } from '../../support/hostileBodies.ts'

/** A third of what the agent's service has. MiB. */
const heapMiB = 40
const patienceMs = 120_000

let directory: string
let program: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hostile-bodies-'))
  program = join(directory, 'reader.mjs')
  const entryPoints = ['test/support/hostileReader.ts']
  await build({ entryPoints, outfile: program, bundle: true, platform: 'node', format: 'esm' })
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

interface Read {
  readonly opened: number
  readonly refused: readonly string[]
  readonly isClean: boolean
}

/** What a process with a small heap says of these bodies. */
async function read(
  kind: MessageKind,
  bodies: readonly string[],
  mode: 'bounded' | 'unbounded',
): Promise<Read> {
  const file = join(directory, `${kind}-${mode}`)
  writeFileSync(file, bodies.join('\n'))
  const args = [`--max-old-space-size=${heapMiB}`, '--max-semi-space-size=1', program, file, kind, mode]
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 })
  return JSON.parse(stdout)
}

const kinds = ['command', 'reply', 'facts'] as const

describe.each(kinds)('a process with a small heap that reads hostile bodies as a %s', (kind) => {
  it('lives through every shape in every size, and reads what comes after each', {
    timeout: patienceMs,
  }, async () => {
    const hostile = Array.from({ length: 10 }, (_, seed) => seed).flatMap((seed) => [
      ...hostileBodies(kind, seed),
    ])
    expect(hostile.length).toBeGreaterThanOrEqual(300)
    for (const { body } of hostile) expect(body).not.toContain('\n')
    const good = JSON.stringify({ v: 1, m: JSON.stringify(harmless[kind]) })
    const { opened, refused, isClean } = await read(
      kind,
      hostile.flatMap(({ body }) => [body, good]),
      'bounded',
    )
    expect(opened).toBeGreaterThanOrEqual(hostile.length)
    expect(opened + refused.length).toBe(2 * hostile.length)
    for (const sentence of refused) expect(sentence.length).toBeLessThan(500)
    expect(isClean).toBe(true)
  })

  it('is ended by a single one of them where nothing is counted before it is parsed', {
    timeout: patienceMs,
  }, async () => {
    const later = `[${'{"a":{}},'.repeat(1_000_000)}0]`
    const body = packed(`${JSON.stringify(harmless[kind]).slice(0, -1)},"later":${later}}`)
    expect(body.length).toBeLessThan(64 * 1024)
    await expect(read(kind, [body], 'unbounded')).rejects.toMatchObject({ signal: 'SIGABRT' })
    expect(await read(kind, [body], 'bounded')).toMatchObject({ opened: 0, refused: [expect.any(String)] })
  })
})
