import type { Fault } from '../support/faults/faultPlan.ts'
import { badDay, everyDay } from './badDay.ts'

/** What must have happened in a soak at least: one in which nothing went wrong proves nothing. */
export interface Least {
  readonly outages: number
  readonly agentKills: number
  readonly masterKills: number
  readonly executions: number
  /** Replies that say how a command ended, of all replies: 0 to 1. */
  readonly endedShare: number
  /** Each of these struck, as the fault proxy counts them. */
  readonly faults: readonly string[]
}

/** What happened. */
export interface Happened {
  readonly outages: number
  readonly kills: { readonly agents: number; readonly masters: number }
  readonly executions: number
  readonly replies: number
  readonly verdicts: Readonly<Record<string, number>>
  readonly struck: Readonly<Record<string, number>>
}

/** From so many commands on a soak counts as a proof. */
const provesFrom = 100

const nothing: Least = {
  ...{ outages: 0, agentKills: 0, masterKills: 0, executions: 0, endedShare: 0, faults: [] },
}

/** What needs a chance that not every soak gives: nobody deletes queues or changes their attributes, and few are made. */
const mayNotStrike = ['expire', 'unready', 'name-taken', 'old-attributes']

/** What a soak of so many commands must show. */
export function leastOf(runs: number): Least {
  if (runs < provesFrom) return nothing
  const faults = [...new Set([...badDay, ...everyDay].map(({ fault }) => nameOf(fault)))].filter(
    (fault) => !mayNotStrike.includes(fault),
  )
  return { outages: 1, agentKills: 1, masterKills: 1, executions: 1, endedShare: 0.5, faults }
}

/** Whether as much has happened as a soak that goes on longer can still bring about. */
export function isEnough(
  { outages, kills, executions }: Pick<Happened, 'outages' | 'kills' | 'executions'>,
  least: Least,
): boolean {
  const isRough =
    outages >= least.outages && kills.agents >= least.agentKills && kills.masters >= least.masterKills
  return isRough && executions >= least.executions
}

type Count = readonly [what: string, count: number, least: number]

/** What a soak lacks for a proof, in words. */
export function lacks(happened: Happened, least: Least): string[] {
  const { outages, kills, executions, replies, verdicts, struck } = happened
  const counts: Count[] = [
    ['outages', outages, least.outages],
    ['kills of agents', kills.agents, least.agentKills],
    ['kills of masters', kills.masters, least.masterKills],
    ['executions', executions, least.executions],
    ['replies that say how a command ended', endedOf(verdicts), Math.ceil(replies * least.endedShare)],
    ...least.faults.map((fault): Count => [`faults of kind ${fault}`, struck[fault] ?? 0, 1]),
  ]
  return counts.flatMap(([what, count, fewest]) =>
    count < fewest ? [`proves too little: ${count} ${what}, fewer than ${fewest}`] : [],
  )
}

function endedOf(verdicts: Readonly<Record<string, number>>): number {
  const ended = ['succeeded', 'failed', 'timed-out', 'cancelled', 'interrupted']
  return ended.reduce((sum, verdict) => sum + (verdicts[verdict] ?? 0), 0)
}

/** As the fault proxy counts it. */
function nameOf(fault: Fault): string {
  if (fault.kind === 'refuse') return fault.as
  return fault.kind === 'cut' ? fault.how : fault.kind
}
