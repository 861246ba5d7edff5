import { createHash } from 'node:crypto'
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'

/** Tells a process from every other one, and from a later one that was given the same id. */
export interface ProcessMark {
  /** Where its id counts: one boot of one machine, and in it one container. 16 hex digits. */
  readonly space: string
  readonly pid: number
  /** When it started, in the system's own unit, which no clock step changes; empty where the system does not say. */
  readonly start: string
}

export async function markOfThisProcess(): Promise<ProcessMark> {
  return { space: await processSpace(), pid: process.pid, start: (await startOf(process.pid)) ?? '' }
}

/**
 * Whether a process lives, as the system says. `unknown`: it runs where this process cannot see it, or a process with its
 * id lives that may be another one.
 */
export async function lifeOf(mark: ProcessMark, own: ProcessMark): Promise<'alive' | 'dead' | 'unknown'> {
  if (mark.space !== own.space) return 'unknown'
  const start = mark.start === '' ? undefined : await startOf(mark.pid)
  if (start !== undefined) return start === mark.start ? 'alive' : 'dead'
  return hasProcess(mark.pid) ? 'unknown' : 'dead'
}

/** Linux tells boots and process id namespaces apart; elsewhere the name of the machine must do. */
async function processSpace(): Promise<string> {
  const parts = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    readlink('/proc/self/ns/pid'),
  ]).catch(() => [process.platform, hostname()])
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16)
}

/** @returns `ended` for a process that only waits to be reaped; undefined where the system does not tell */
async function startOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // proc_pid_stat(5): the name, in parentheses, may hold anything; 3 is the state, 22 the start in ticks since the boot.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return /^[ZXx]$/.test(fields[0] ?? '') ? 'ended' : fields[19]
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
