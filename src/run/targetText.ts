import { foldHosts } from '../hosts/hostFolding.ts'
import { oneLine } from '../text/oneLine.ts'
import type { Translate } from '../text/translate.ts'
import type { RecordedRequest } from './runRequest.ts'
import type { RunState } from './runState.ts'

/** The targets of a run in words: its filter, unless that is `*`. Agents that were chosen by hand are not every agent. */
export function describeTargets(filter: string, chosen: ChosenAgents | undefined, t: Translate): string {
  if (filter !== '*') return filter
  return chosen === undefined ? t('every agent') : describeChosen(chosen, t)
}

/** Agents that were chosen by hand. */
export interface ChosenAgents {
  readonly count: number
  /** Their host names, where they are known. */
  readonly hosts?: readonly string[]
}

/** Those of a request; undefined when nobody has chosen. */
export function chosenBy({ targets }: Pick<RecordedRequest, 'targets'>): ChosenAgents | undefined {
  return targets && { count: targets.length }
}

/** The same with the host names that the run knows. */
export function chosenIn({
  request: { targets },
  replies,
}: Pick<RunState, 'request' | 'replies'>): ChosenAgents | undefined {
  return targets && { count: targets.length, hosts: targets.map((id) => replies.get(id)?.hostname ?? id) }
}

/** As in `4 chosen agents (web-[003-006])`. */
export function describeChosen({ count, hosts }: ChosenAgents, t: Translate): string {
  const names =
    hosts === undefined || hosts.length > maxFolded ? '' : oneLine(foldHosts(hosts), maxCharacters)
  if (names === '') return count === 1 ? t('1 chosen agent') : t('{0} chosen agents', count)
  return count === 1 ? t('1 chosen agent ({0})', names) : t('{0} chosen agents ({1})', count, names)
}

/** Names beyond these numbers say no more at a glance, and folding them takes its time. */
const maxFolded = 500
const maxCharacters = 60
