import { mkdir, readFile, rm, rmdir, stat, utimes } from 'node:fs/promises'
import { hostname, uptime } from 'node:os'
import { createExclusive } from './createExclusive.ts'

/** A claim on something that only one process may use at a time. Ends with the process, at the latest. */
export interface ProcessLock {
  release(): Promise<void>
}

/** A holder says so often that it is still there, milliseconds. Only other hosts, which cannot see it, need that. */
const heartbeatMs = 30_000

/** A lock of another host (a shared home directory) that was not touched for so long is nobody's. */
const foreignSilenceMs = 5 * 60_000

/** Nothing takes so long that is done while the file or folder that this is about is there. */
const abandonedAfterMs = 10_000

/**
 * Claims the file `path` for this process.
 * @returns undefined when a process has it that is alive, be it this one
 */
export async function takeLock(path: string): Promise<ProcessLock | undefined> {
  if (await isLocked(path)) return undefined
  if (!(await createExclusive(path, JSON.stringify(thisProcess()))) && !(await takeOver(path)))
    return undefined
  const heartbeat = setInterval(() => {
    const now = new Date()
    // A lock that somebody removed is gone; its holder can do nothing about it.
    utimes(path, now, now).catch(() => {})
  }, heartbeatMs)
  heartbeat.unref()
  let released: Promise<void> | undefined
  return {
    release() {
      clearInterval(heartbeat)
      // Once: by the second time it may be another's.
      released ??= rm(path, { force: true })
      return released
    },
  }
}

/** Whether a process that is alive has the lock. */
export async function isLocked(path: string): Promise<boolean> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)])
    return isHeld(text, mtimeMs)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}

interface Holder {
  readonly pid: number
  readonly host: string
  /** When its process started, milliseconds since the epoch: in containers process ids are used again at once. */
  readonly startedAt: number
}

function thisProcess(): Holder {
  const startedAt = Math.round(Date.now() - process.uptime() * 1000)
  return { pid: process.pid, host: hostname(), startedAt }
}

/** Of several that see that the holder is gone, only the one that makes this folder may replace the lock. */
async function takeOver(path: string): Promise<boolean> {
  if (await isLocked(path)) return false
  const takingOver = `${path}.takeover`
  try {
    await mkdir(takingOver)
  } catch {
    const { mtimeMs } = await stat(takingOver).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > abandonedAfterMs) await rmdir(takingOver).catch(() => {})
    return false
  }
  try {
    if (await isLocked(path)) return false
    await rm(path, { force: true })
    return await createExclusive(path, JSON.stringify(thisProcess()))
  } finally {
    await rmdir(takingOver).catch(() => {})
  }
}

function isHeld(text: string, touchedAt: number): boolean {
  const holder = parseHolder(text)
  if (holder === undefined) return false
  const now = Date.now()
  const own = thisProcess()
  if (holder.host !== own.host) return now - touchedAt < foreignSilenceMs
  if (touchedAt < now - uptime() * 1000) return false
  if (holder.pid === own.pid) return Math.abs(holder.startedAt - own.startedAt) < 2000
  return isAlive(holder.pid)
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, host, startedAt } = JSON.parse(text)
    return Number.isInteger(pid) && pid > 0
      ? { pid, host: String(host), startedAt: Number(startedAt) }
      : undefined
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
