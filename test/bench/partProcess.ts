import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Row } from './table.ts'

/** What one part of the benchmark brought. */
export interface Part {
  readonly rows: readonly Row[]
  /** All that was measured, as it comes out of JSON. */
  readonly figures: unknown
}

/**
 * Runs one part of the benchmark in a process group and with a temporary directory of its own: whatever the part has
 * started or written is gone when this settles, however the part ended.
 * @param root of the repository
 * @param limitMs milliseconds that the part may take
 * @throws Error when it fails or takes longer
 */
export async function runPart(root: string, part: readonly string[], limitMs: number): Promise<Part> {
  const directory = await mkdtemp(join(tmpdir(), 'ec2-bench-'))
  const program = [process.execPath, '--expose-gc', join(import.meta.dirname, 'part.mjs'), root, ...part]
  const child = spawn(process.execPath, [join(root, 'scripts/leash.mjs'), ...program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: directory },
    timeout: limitMs,
  })
  try {
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    if (child.killed) throw new Error(`took more than ${Math.round(limitMs / 1000)} s`)
    if (code !== 0) throw new Error(`ended with ${code}; why is said above the table`)
    return JSON.parse(output) as Part
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
