import type { ChildProcess } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { contained } from '../async/contained.ts'

/** A process that is started again whenever it ends, until it is told to stop. */
export interface SupervisedProcess {
  /** Undefined while it is about to be started again, and after `stop`. */
  readonly pid: number | undefined
  /** How often it was started again. */
  readonly restarts: number
  /** Closes its standard input, which means "end" to it; kills it when it has not ended 5 s later. */
  stop(): Promise<void>
}

/** Longest wait before a process that keeps dying is started again, and how long it must live to be fine again. */
const mostMs = 10_000
const firstMs = 250
const graceMs = 5_000

/**
 * Starts the process, and again after each end, be it that it could not be started.
 * @param start spawns it, with a pipe for its standard input: that pipe closes when we die in whatever way, and so
 *   nothing that we start outlives us
 * @param onChange told after each start and each end
 */
export function keepProcess(start: () => ChildProcess, onChange: () => void): SupervisedProcess {
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
        // Writing to it after its end is no news.
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

/** Undefined where no file or process is to be had at the moment. */
function startOrSay(start: () => ChildProcess): ChildProcess | undefined {
  try {
    return start()
  } catch (error) {
    console.error(error)
    return undefined
  }
}

/** Also for a program that could not be started at all. */
function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.on('error', () => {
      // A living one has errors, too: a signal that it cannot be sent.
      if (child.pid === undefined) resolve()
    })
  })
}
