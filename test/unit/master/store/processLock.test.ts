import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isLocked, takeLock } from '../../../../src/master/store/processLock.ts'

let directory: string
const newPath = () => join(directory, randomUUID())

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'process-lock-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

describe('takeLock', () => {
  it('gives a lock once, and again after it was released', async () => {
    const path = newPath()
    expect(await isLocked(path)).toBe(false)
    const lock = await takeLock(path)
    expect(await isLocked(path)).toBe(true)
    expect(await takeLock(path)).toBeUndefined()
    await lock?.release()
    expect(await isLocked(path)).toBe(false)
    await (await takeLock(path))?.release()
    expect((await readdir(directory)).filter((name) => name.startsWith(basename(path)))).toEqual([])
  })

  it('released twice does not take it from the next one', async () => {
    const path = newPath()
    const first = await takeLock(path)
    await first?.release()
    const second = await takeLock(path)
    await first?.release()
    expect(await isLocked(path)).toBe(true)
    await second?.release()
  })

  it('gives it to one of many that want it at the same time', async () => {
    const path = newPath()
    const taken = await Promise.all(Array.from({ length: 20 }, () => takeLock(path)))
    expect(taken.filter((lock) => lock !== undefined)).toHaveLength(1)
  })

  it('takes over what a process left that is gone, for one of many', async () => {
    const path = newPath()
    await writeFile(path, holder({ pid: await deadPid() }))
    const taken = await Promise.all(Array.from({ length: 20 }, () => takeLock(path)))
    expect(taken.filter((lock) => lock !== undefined)).toHaveLength(1)
    expect(await takeLock(path)).toBeUndefined()
  })

  it('takes over a lock of an earlier process with our very id, as in a container that was started again', async () => {
    const path = newPath()
    await writeFile(path, holder({ pid: process.pid, startedAt: 1000 }))
    expect(await takeLock(path)).toBeDefined()
  })

  it('leaves a lock to a process that is alive', async () => {
    const path = newPath()
    await writeFile(path, holder({ pid: process.ppid }))
    expect(await takeLock(path)).toBeUndefined()
  })

  it('takes over a lock from before the machine was started', async () => {
    const path = newPath()
    await writeFile(path, holder({ pid: process.ppid }))
    await utimes(path, 1000, 1000)
    expect(await takeLock(path)).toBeDefined()
  })

  it('leaves a lock to another host that shares the directory, until that has been silent for minutes', async () => {
    const path = newPath()
    await writeFile(path, holder({ pid: await deadPid(), host: 'another-host' }))
    expect(await takeLock(path)).toBeUndefined()
    const longAgo = Date.now() / 1000 - 600
    await utimes(path, longAgo, longAgo)
    expect(await takeLock(path)).toBeDefined()
  })

  it('takes over a lock that says nothing', async () => {
    for (const text of ['', '{', '{"pid":-1}', '12']) {
      const path = newPath()
      await writeFile(path, text)
      expect(await takeLock(path)).toBeDefined()
    }
  })

  it('is not stopped for ever by a process that died while it took the lock over', async () => {
    const path = newPath()
    await writeFile(path, holder({ pid: await deadPid() }))
    await mkdir(`${path}.takeover`)
    expect(await takeLock(path)).toBeUndefined()
    const longAgo = Date.now() / 1000 - 60
    await utimes(`${path}.takeover`, longAgo, longAgo)
    expect(await takeLock(path)).toBeUndefined()
    expect(await takeLock(path)).toBeDefined()
  })
})

function holder(from: { pid: number; host?: string; startedAt?: number }): string {
  return JSON.stringify({ host: hostname(), startedAt: Date.now(), ...from })
}

/** Of a process that has been and is no more. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  return child.pid as number
}
