import type { RunHeader } from '../src/page/runHeader.ts'
import type { AgentRow } from '../src/page/toPage.ts'
import { isVerdict } from '../src/protocol/verdict.ts'
import { formatDuration } from './format.ts'
import { t } from './words.ts'

/** How far a run is, in times: what it took, or since when it runs, how long that may still last, and when it ends at the latest. */
export function runTimeWords(
  run: RunHeader,
  { answered, total }: { readonly answered: number; readonly total: number },
  now: number,
): string[] {
  const { startedAt, endedAt, limitAt, phase, rollout, trouble, cancelling } = run
  if (endedAt !== undefined) return [t('took {0}', formatDuration(endedAt - startedAt))]
  const elapsedMs = Math.max(0, now - startedAt)
  const isSteady = phase === 'running' && trouble === undefined && cancelling === undefined
  const limitMs = limitAt === undefined ? undefined : Math.max(0, limitAt - now)
  // Of a rollout, the limit is that of the agents which run now: further ones follow.
  const mostMs = rollout === undefined || rollout.left === 0 ? limitMs : undefined
  const leftMs = isSteady ? estimateLeft(elapsedMs, answered, total, mostMs) : undefined
  return [
    t('running for {0}', wholeSeconds(elapsedMs)),
    ...(leftMs === undefined ? [] : [t('about {0} left', wholeSeconds(leftMs))]),
    ...(limitMs === undefined ? [] : [t('time limit in {0}', wholeSeconds(limitMs))]),
  ]
}

/** Earlier than this, and from fewer agents, an estimate would be a guess: milliseconds, share. */
const leastElapsedMs = 3_000
const leastShare = 0.05

/**
 * How long the rest takes if it goes on as it went so far, milliseconds.
 * @param mostMs it cannot last longer than this
 */
export function estimateLeft(
  elapsedMs: number,
  answered: number,
  total: number,
  mostMs = Number.POSITIVE_INFINITY,
): number | undefined {
  if (answered >= total || elapsedMs < leastElapsedMs || answered < Math.max(1, total * leastShare))
    return undefined
  return Math.min(mostMs, (elapsedMs / answered) * (total - answered))
}

/** The times of one agent, milliseconds: waited and ran are the total. */
export interface AgentTimes {
  /** On the way there, in the agent's queue, and on the way back. */
  readonly waitedMs?: number
  readonly ranMs?: number
  /** From sending to the result; so far where there is none yet. */
  readonly totalMs?: number
  /** They grow. */
  readonly isLive: boolean
}

export function agentTimes(agent: AgentRow, now: number): AgentTimes {
  const { state, sentAt, startedAt, durationMs, totalMs } = agent
  if (sentAt !== undefined && !isVerdict(state)) {
    const total = Math.max(0, now - sentAt)
    const waitedMs = startedAt === undefined ? total : Math.min(total, Math.max(0, startedAt - sentAt))
    return {
      ...{ waitedMs, totalMs: total, isLive: true },
      ...(startedAt === undefined ? {} : { ranMs: total - waitedMs }),
    }
  }
  if (totalMs === undefined)
    return { isLive: false, ...(durationMs === undefined ? {} : { ranMs: durationMs }) }
  // Clocks that were set meanwhile must not make a negative time.
  const total = Math.max(totalMs, durationMs ?? 0)
  return {
    ...{ waitedMs: total - (durationMs ?? 0), totalMs: total, isLive: false },
    ...(durationMs === undefined ? {} : { ranMs: durationMs }),
  }
}

/** For times that are shown while they pass: no fraction flickers. */
export function wholeSeconds(ms: number): string {
  return ms < 60_000 ? t('{0} s', Math.round(ms / 1000)) : formatDuration(ms)
}
