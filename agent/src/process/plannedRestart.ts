import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../log/log.ts'
import type { Runs } from '../runs/runs.ts'

/**
 * `none`: nobody asked for a restart. `draining`: what runs goes on, new commands are held. `postponed`: something ran for
 * longer than the limit, so new commands are executed until that has ended. `ending`: nothing runs, the agent ends.
 */
export type RestartState = 'none' | 'draining' | 'postponed' | 'ending'

export interface PlannedRestartOptions {
  readonly runs: Pick<Runs, 'running' | 'isIdle'>
  /** How long new commands may be held at the first attempt, milliseconds. */
  readonly limitMs: () => number
  readonly log: Log
  /** Told after each change of the state. */
  readonly onChange: (state: RestartState) => void
}

const lookEveryMs = 100
/** Replies that SQS does not take for so long after the last run, milliseconds, are left to the next agent. */
const deliveryMs = 30_000
/** Runs that a sentence names. */
const namedMost = 5

/**
 * The restart that was asked for while commands run. It harms no run: each attempt holds new commands until nothing runs, up to
 * its limit, and the next attempt begins when the runs that were in the way have ended. As each attempt has twice the time of
 * the one before, and every run has a timeout, one of them succeeds.
 */
export class PlannedRestart {
  readonly #o: PlannedRestartOptions
  #state: RestartState = 'none'
  #inTheWay: readonly string[] = []

  constructor(options: PlannedRestartOptions) {
    this.#o = options
  }

  get state(): RestartState {
    return this.#state
  }

  /** Whether new commands are held for the next agent. */
  get holdsCommands(): boolean {
    return this.#state === 'draining' || this.#state === 'ending'
  }

  /** A sentence about a restart that waits for longer than anybody expects; undefined otherwise. */
  get problem(): string | undefined {
    if (this.#state !== 'postponed') return undefined
    return `A restart was asked for and is postponed until ${named(this.#inTheWay)} ended.`
  }

  /** Resolves when the agent should end for its restart, or `ended` aborts. */
  async run(asked: AbortSignal, ended: AbortSignal): Promise<void> {
    await aborted(AbortSignal.any([asked, ended]))
    for (let limitMs = this.#o.limitMs(); !ended.aborted; limitMs *= 2) {
      this.#drain(limitMs)
      if (await this.#isIdleWithin(limitMs, ended)) break
      if (ended.aborted) return
      this.#postpone(limitMs)
      while (!ended.aborted && this.#o.runs.running.some((runId) => this.#inTheWay.includes(runId)))
        await pause(ended)
    }
    if (!ended.aborted) this.#become('ending')
  }

  #drain(limitMs: number): void {
    const { runs, log } = this.#o
    const { running } = runs
    const limit = `${Math.round(limitMs / 1000)} s`
    log.info(
      running.length === 0
        ? 'Restarting: nothing runs.'
        : `Restarting when ${named(running)} ended. New commands wait for the new agent, for ${limit} at most.`,
    )
    this.#become('draining')
  }

  #postpone(limitMs: number): void {
    const { runs, log } = this.#o
    this.#inTheWay = runs.running
    log.warn(
      `The restart is postponed until ${named(this.#inTheWay)} ended: waited ${Math.round(limitMs / 1000)} s. Until then new commands are executed.`,
    )
    this.#become('postponed')
  }

  async #isIdleWithin(limitMs: number, ended: AbortSignal): Promise<boolean> {
    const { runs } = this.#o
    const begunAt = performance.now()
    let quietSince: number | undefined
    for (;;) {
      const now = performance.now()
      if (runs.running.length > 0) quietSince = undefined
      else quietSince ??= now
      if (quietSince !== undefined && (runs.isIdle || now - quietSince >= deliveryMs)) return true
      if (ended.aborted || (quietSince === undefined && now - begunAt >= limitMs)) return false
      await pause(ended)
    }
  }

  #become(state: RestartState): void {
    this.#state = state
    this.#o.onChange(state)
  }
}

function named(runIds: readonly string[]): string {
  const first = runIds.slice(0, namedMost).join(', ')
  const more = runIds.length > namedMost ? ` and ${runIds.length - namedMost} more` : ''
  return `${runIds.length === 1 ? 'run' : 'runs'} ${first}${more} ${runIds.length === 1 ? 'has' : 'have'}`
}

function pause(ended: AbortSignal): Promise<unknown> {
  return sleep(lookEveryMs, undefined, { signal: ended, ref: false }).catch(() => {})
}

function aborted(signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
