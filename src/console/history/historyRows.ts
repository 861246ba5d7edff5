import type { RunSummary } from '../../master/store/history.ts'
import { stateNames, verdicts } from '../../protocol/verdict.ts'
import { actionName } from '../../run/actionText.ts'
import { unexpectedOf } from '../../run/runOutcome.ts'
import { localize } from '../../text/localizable.ts'
import { oneLine } from '../../text/oneLine.ts'
import type { Translate } from '../../text/translate.ts'

/** The command of a run on one line. */
export function nameOfRun({ request: { action } }: Pick<RunSummary, 'request'>, t: Translate): string {
  switch (action.kind) {
    case 'shell':
    case 'script':
      return oneLine(actionName(action))
    case 'ping':
      return t('Ping')
    case 'facts':
      return t('Refresh facts')
  }
}

/** The result of a run: `37 succeeded`, `2 failed, 1 no reply, 34 succeeded`, `12 of 37 done`. */
export function describeCounts(
  { counts, phase, agents }: Pick<RunSummary, 'counts' | 'phase' | 'agents'>,
  t: Translate,
): string {
  if (phase !== 'over') {
    const open = (counts.expected ?? 0) + (counts.running ?? 0)
    const done =
      phase === 'paused'
        ? t('paused, {0} of {1} done', agents - open, agents)
        : t('{0} of {1} done', agents - open, agents)
    const unexpected = unexpectedOf(counts)
    return unexpected > 0 ? t('{0} unexpected, {1}', unexpected, done) : done
  }
  return verdicts
    .filter((verdict) => counts[verdict] > 0)
    .map((verdict) => `${counts[verdict]} ${localize(stateNames[verdict], t)}`)
    .join(', ')
}

/** Runs of one calendar day, newest day first. */
export function groupByDay(
  runs: readonly RunSummary[],
): { readonly day: string; readonly runs: readonly RunSummary[] }[] {
  const days = new Map<string, RunSummary[]>()
  for (const run of runs) {
    const day = new Date(run.startedAt).toLocaleDateString(undefined, { dateStyle: 'full' })
    days.set(day, [...(days.get(day) ?? []), run])
  }
  return [...days].map(([day, ofDay]) => ({ day, runs: ofDay }))
}
