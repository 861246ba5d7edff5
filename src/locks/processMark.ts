import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Tells a process from every other one, and from a later one that was given the same id. */
export interface ProcessMark {
  /** Where its id counts: one boot of one machine, and in it one container. 16 hex digits. */
  readonly space: string
  readonly pid: number
  /** When it started, in the system's own unit, which no clock step changes; empty where the system does not say. */
  readonly start: string
}

export function markOfThisProcess(): ProcessMark {
  return { space: processSpace(), pid: process.pid, start: startOf(process.pid) ?? '' }
}

/**
 * Whether a process lives, as the system says. `unknown`: it runs where this process cannot see it, or a process with its
 * id lives that may be another one.
 */
export function lifeOf(mark: ProcessMark, own: ProcessMark): 'alive' | 'dead' | 'unknown' {
  if (mark.space !== own.space) return 'unknown'
  const start = mark.start === '' ? undefined : startOf(mark.pid)
  if (start !== undefined) return start === mark.start ? 'alive' : 'dead'
  return hasProcess(mark.pid) ? 'unknown' : 'dead'
}

/** Linux tells boots and process id namespaces apart; elsewhere the name of the machine must do. */
function processSpace(): string {
  return createHash('sha256')
    .update(spaceOfLinux() ?? `${process.platform} ${hostname()}`)
    .digest('hex')
    .slice(0, 16)
}

function spaceOfLinux(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8') + readlinkSync('/proc/self/ns/pid')
  } catch {
    return undefined
  }
}

/** @returns `ended` for a process that only waits to be reaped; undefined where the system does not tell */
function startOf(pid: number): string | undefined {
  try {
    // At once: what the kernel makes up as it is read is on no disk that could hang.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // proc_pid_stat(5): the name, in parentheses, may hold anything; 3 is the state, 22 the start in ticks since the boot.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return /^[ZXx]$/.test(fields[0] ?? '') ? 'ended' : fields[19]
  } catch {
    return undefined
  }
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
