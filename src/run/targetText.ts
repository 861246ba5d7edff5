import type { Translate } from '../text/translate.ts'

/**
 * The targets of a run in words: its filter, unless that is `*`. Agents that were chosen by hand are not every agent.
 * @param chosen their number; undefined when nobody has chosen
 */
export function describeTargets(filter: string, chosen: number | undefined, t: Translate): string {
  if (filter !== '*') return filter
  if (chosen === undefined) return t('every agent')
  return chosen === 1 ? t('1 chosen agent') : t('{0} chosen agents', chosen)
}
