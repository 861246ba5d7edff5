import type { ChildProcess } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { contained } from '../async/contained.ts'

/** A process that is restarted whenever it ends, until it is stopped. */
export interface SupervisedProcess {
  /** Undefined before a restart, and after `stop`. */
  readonly pid: number | undefined
  /** How often it was restarted. */
  readonly restarts: number
  /** Closes its standard input, which asks it to end; kills it if it has not ended 5 s later. */
  stop(): Promise<void>
}

/** Longest wait before a restart, and how long a process must run for the wait to be reset, milliseconds. */
const mostMs = 10_000
const firstMs = 250
const graceMs = 5_000

/**
 * Starts the process, and restarts it after each end and each failed start.
 * @param start spawns it, with a pipe for its standard input: the pipe closes however this process ends, so that no
 *   process that we start outlives us
 * @param onChange called after each start and each end
 */
export function superviseProcess(start: () => ChildProcess, onChange: () => void): SupervisedProcess {
  const tell = contained(onChange)
  const stopping = new AbortController()
  let child: ChildProcess | undefined
  let restarts = 0
  const done = keep()

  async function keep(): Promise<void> {
    for (let waitMs = firstMs; !stopping.signal.aborted; waitMs = Math.min(mostMs, waitMs * 2)) {
      const startedAt = performance.now()
      child = startOrSay(start)
      if (child !== undefined) {
        // Writing to it after its end is expected to fail.
        child.stdin?.on('error', () => {})
        tell()
        await ended(child)
        child = undefined
        tell()
      }
      if (performance.now() - startedAt > mostMs) waitMs = firstMs
      restarts += 1
      await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  return {
    get pid() {
      return child?.pid
    },
    get restarts() {
      return restarts
    },
    async stop() {
      stopping.abort()
      child?.stdin?.end()
      const killing = setTimeout(() => child?.kill('SIGKILL'), graceMs)
      await done
      clearTimeout(killing)
    },
  }
}

/** Undefined when the system currently has no file or process to spare. */
function startOrSay(start: () => ChildProcess): ChildProcess | undefined {
  try {
    return start()
  } catch (error) {
    console.error(error)
    return undefined
  }
}

/** Resolves when it has ended, also for a program that could not be started at all. */
function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.on('error', () => {
      // A running one emits errors, too: a signal that cannot be sent.
      if (child.pid === undefined) resolve()
    })
  })
}
