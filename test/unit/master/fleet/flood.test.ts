import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ghosts = 400
const patienceMs = 60_000

let directory: string
let program: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'flood-'))
  program = join(directory, 'master.mjs')
  const entryPoints = ['test/support/floodedMaster.ts']
  await build({ entryPoints, outfile: program, bundle: true, platform: 'node', format: 'esm', banner })
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** For CommonJS among the dependencies. */
const banner = {
  js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
}

async function sweep(mode: 'bounded' | 'unbounded') {
  const args = ['--max-old-space-size=96', '--max-semi-space-size=1', program, mode, String(ghosts)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout)
}

describe('a flood of facts, each as large as facts may be', () => {
  it('is lived through by a master with a small heap, which says what it left out', {
    timeout: patienceMs,
  }, async () => {
    const { good, ghostsListed, problems, unreadable, look } = await sweep('bounded')
    expect(good).toEqual(['good', 'i-00000000000000001'])
    expect(ghostsListed).toBeGreaterThan(0)
    expect(unreadable).toEqual([])
    const told = (problems as { problem: string; agents: number }[])
      .filter(({ problem }) => problem !== 'conflicting')
      .reduce((sum, { agents }) => sum + agents, 0)
    expect(ghostsListed + told).toBe(ghosts)
    expect(problems).toContainEqual(
      expect.objectContaining({ problem: 'memory', senderId: expect.stringMatching(/^AROAOTHER/) }),
    )
    expect(look).toBe('unsure')
  })

  it('ends a master whose inventory has no bounds', { timeout: patienceMs }, async () => {
    await expect(sweep('unbounded')).rejects.toMatchObject({ signal: 'SIGABRT' })
  })
})
