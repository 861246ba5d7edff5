import { type ChildProcess, fork, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { link, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { heldMark } from '../../../src/locks/contention.ts'
import { entryName } from '../../../src/locks/lockFolder.ts'
import { holderOf, isLocked, type LockPace, lastHeldAt, takeLock } from '../../../src/locks/processLock.ts'
import { markOfThisProcess, type ProcessMark } from '../../../src/locks/processMark.ts'
import { until } from '../../support/until.ts'

let directory: string
let contender: string
const newPath = () => join(directory, randomUUID())

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'process-lock-'))
  contender = join(directory, 'contender.mjs')
  await build({
    entryPoints: ['test/support/lockContender.ts'],
    outfile: contender,
    bundle: true,
    platform: 'node',
    format: 'esm',
  })
})
afterAll(() => rm(directory, { recursive: true, force: true }))

describe('The time until which a lock was held', () => {
  it('is the last sign of life of a holder that died', async () => {
    const path = newPath()
    const dead = entryName('0123456789abcdef', { space: '0'.repeat(16), pid: 1, start: '1' })
    await mkdir(path)
    for (const name of [dead, heldMark(dead)]) await writeFile(join(path, name), '')
    await utimes(join(path, dead), 1_000, 1_000)
    // Of one that only tried to get it nothing is known.
    await writeFile(
      join(path, entryName('fedcba9876543210', { space: '0'.repeat(16), pid: 2, start: '2' })),
      '',
    )
    expect(await lastHeldAt(path)).toBe(1_000_000)
  })

  it('is when it was last touched where the holder was of an earlier version', async () => {
    const path = newPath()
    await writeFile(path, JSON.stringify({ pid: await deadPid(), host: hostname(), startedAt: 1 }))
    await utimes(path, 1_000, 1_000)
    expect(await lastHeldAt(path)).toBe(1_000_000)
  })

  it('is not known when the lock was given back, or never taken', async () => {
    const path = newPath()
    expect(await lastHeldAt(path)).toBeUndefined()
    const lock = await takeLock(path)
    expect(await lastHeldAt(path)).toBeGreaterThan(0)
    await lock?.release()
    expect(await lastHeldAt(path)).toBeUndefined()
  })
})

describe('takeLock', () => {
  it('gives a lock once, and again after it was released, and leaves nothing then', async () => {
    const path = newPath()
    expect(await isLocked(path)).toBe(false)
    const lock = await takeLock(path)
    expect(await isLocked(path)).toBe(true)
    expect(await holderOf(path)).toEqual({ kind: 'here', pid: process.pid })
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

  it('gives it to one of several processes that start at once, each time that its holder is killed', async () => {
    const path = newPath()
    const contenders = await Promise.all(Array.from({ length: 4 }, startContender))
    try {
      for (let round = 0; round < 15; round += 1) {
        const taken = await Promise.all(contenders.map((child) => ask(child, { take: path })))
        expect(taken.filter(({ taken }) => taken)).toHaveLength(1)
        const [holder] = contenders.splice(
          taken.findIndex(({ taken }) => taken),
          1,
        )
        await kill(holder as ChildProcess)
        contenders.push(await startContender())
      }
    } finally {
      await Promise.all(contenders.map(kill))
    }
  }, 60_000)

  it('takes over at once from a process that was killed, and is not yet reaped by its parent', async () => {
    const path = newPath()
    // The shell becomes a program that never asks what became of its children.
    const parent = spawn('sh', [
      '-c',
      `"$0" -e "$1" & echo $!; exec sleep 600`,
      process.execPath,
      'setInterval(()=>{},1e6)',
    ])
    try {
      const pid = Number(String((await once(parent.stdout, 'data'))[0]))
      const start = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[19] as string
      await plant(path, { pid, start })
      expect(await takeLock(path)).toBeUndefined()
      process.kill(pid, 'SIGKILL')
      await until(async () => (await takeLock(path)) !== undefined, 'the lock of a killed process')
    } finally {
      parent.kill('SIGKILL')
    }
  })

  it('takes over from a process whose id another one has now', async () => {
    const path = newPath()
    await plant(path, { pid: process.ppid, start: '1' })
    expect(await takeLock(path)).toBeDefined()
  })

  it('takes over from an earlier process with our very id, as in a container that was started again', async () => {
    const path = newPath()
    await plant(path, { pid: process.pid, start: '1' })
    expect(await takeLock(path)).toBeDefined()
  })

  it('leaves it to a process that lives, however long ago it touched it: it may be stopped', async () => {
    const path = newPath()
    const holder = await startContender()
    expect(await ask(holder, { take: path })).toEqual({ taken: true })
    holder.kill('SIGSTOP')
    for (const name of await readdir(path)) await utimes(join(path, name), 1000, 1000)
    expect(await takeLock(path)).toBeUndefined()
    expect(await isLocked(path)).toBe(true)
    await kill(holder)
    await (await takeLock(path))?.release()
  })

  describe('where it cannot see the process of an entry', () => {
    const elsewhere = { space: '0123456789abcdef', pid: 7, start: '7' }
    /** Of a system that does not say when its processes started; with our parent's id lives another one now. */
    const noStart = { pid: process.ppid, start: '' }

    it('leaves it to one that has just touched it', async () => {
      for (const mark of [elsewhere, noStart]) {
        const path = newPath()
        await plant(path, mark)
        expect(await takeLock(path)).toBeUndefined()
      }
    })

    it.each([
      ['long ago', -3600_000],
      ['in the future: a clock was set', 3600_000],
    ])('leaves it to one that goes on touching it, though by its clock that was %s', async (_, offsetMs) => {
      const path = newPath()
      const entry = await plant(path, elsewhere)
      const touching = setInterval(() => touch(entry, offsetMs), quick.touchEveryMs)
      await touch(entry, offsetMs)
      expect(await takeLock(path, quick)).toBeUndefined()
      clearInterval(touching)
    })

    it.each([-3600_000, 3600_000])(
      'takes over from one that no longer does, touched %d ms from now',
      async (offsetMs) => {
        for (const mark of [elsewhere, noStart]) {
          const path = newPath()
          await touch(await plant(path, mark), offsetMs)
          const lock = await takeLock(path, quick)
          expect(lock).toBeDefined()
          await lock?.release()
          expect(await isLocked(path)).toBe(false)
        }
      },
    )

    it('says that it is held, without waiting, for as long as there is an entry', async () => {
      const path = newPath()
      await touch(await plant(path, elsewhere), -3600_000)
      expect(await isLocked(path)).toBe(true)
    })
  })

  it('touches its entry for as long as it holds the lock', async () => {
    const path = newPath()
    const lock = await takeLock(path, quick)
    const entry = join(path, (await readdir(path)).find((name) => !name.endsWith('.held')) as string)
    await touch(entry, -3600_000)
    await until(async () => Date.now() - (await stat(entry)).mtimeMs < 60_000, 'a touch')
    await lock?.release()
  })

  it('says so when the lock is taken away from it', async () => {
    const path = newPath()
    const lock = await takeLock(path, quick)
    await rm(path, { recursive: true })
    await until(() => lock?.lost.aborted === true, 'the loss to be told')
    expect(await takeLock(path)).toBeDefined()
  })

  it('is not disturbed by files that are no entries', async () => {
    const path = newPath()
    await mkdir(path)
    for (const name of ['.DS_Store', 'desktop.ini', '.nfs0000000000000001'])
      await writeFile(join(path, name), '')
    const lock = await takeLock(path)
    expect(lock).toBeDefined()
    expect(await takeLock(path)).toBeUndefined()
    await lock?.release()
    expect(await isLocked(path)).toBe(false)
  })

  it('fails in the words of the system where its folder cannot be made', async () => {
    const file = newPath()
    await writeFile(file, '')
    await expect(takeLock(join(file, 'lock'))).rejects.toThrow('ENOTDIR')
  })
})

describe('a lock of an earlier version', () => {
  it('is held by a process that lives, and by one on another host, for as long as it is touched', async () => {
    for (const host of [hostname(), 'another-host']) {
      const path = newPath()
      await writeFile(path, JSON.stringify({ pid: process.ppid, host, startedAt: 1 }))
      expect(await isLocked(path)).toBe(true)
      expect(await takeLock(path)).toBeUndefined()
      await touch(path, -8 * 60_000)
      expect(await isLocked(path)).toBe(false)
      expect(await takeLock(path)).toBeDefined()
    }
  })

  it('is taken over by one of many when its process is gone, or when it says nothing', async () => {
    const dead = JSON.stringify({ pid: await deadPid(), host: hostname(), startedAt: Date.now() })
    for (const text of [dead, '', '{', '{"pid":-1}', '12']) {
      const path = newPath()
      await writeFile(path, text)
      const taken = await Promise.all(Array.from({ length: 10 }, () => takeLock(path)))
      expect(taken.filter((lock) => lock !== undefined)).toHaveLength(1)
    }
  })

  it('is held as a socket by an agent that lives, and left behind by one that is gone', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'agent-')), 'lock')
    const agent = createServer((connection) => connection.destroy())
    await new Promise<void>((resolve) => agent.listen(path, resolve))
    expect(await takeLock(path)).toBeUndefined()
    // Closing would remove it; the death of the agent does not.
    const left = `${path}-left`
    await link(path, left)
    await new Promise((resolve) => agent.close(resolve))
    expect(await takeLock(left)).toBeDefined()
  })
})

/** So that tests need not wait; in the same proportions as the usual ones. */
const quick: LockPace = { touchEveryMs: 30, freshMs: 1_000, looks: 20, lookEveryMs: 10 }

/** What a process with this mark has made that holds, or held, the lock. */
async function plant(path: string, mark: Partial<ProcessMark>): Promise<string> {
  await mkdir(path)
  const name = entryName('00000000000000aa', { ...markOfThisProcess(), ...mark })
  await writeFile(join(path, name), '')
  await writeFile(join(path, heldMark(name)), '')
  return join(path, name)
}

async function touch(path: string, offsetMs: number): Promise<void> {
  const at = new Date(Date.now() + offsetMs)
  await utimes(path, at, at)
}

async function startContender(): Promise<ChildProcess> {
  const child = fork(contender)
  await once(child, 'message')
  return child
}

async function ask(child: ChildProcess, message: { take: string }): Promise<{ taken: boolean }> {
  const answer = once(child, 'message')
  child.send(message)
  return (await answer)[0] as { taken: boolean }
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** Of a process that has been and is no more. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  return child.pid as number
}
