import type { RunHeader } from '../src/page/toPage.ts'
import { formatCount } from './format.ts'
import { t } from './words.ts'

/** The targets of a run: its filter, or words where that is `*`. Agents that were chosen by hand are not every agent. */
export function targetWords({ filter, chosen }: Pick<RunHeader, 'filter' | 'chosen'>): string {
  if (filter !== '*') return filter
  if (chosen === undefined) return t('every agent')
  return chosen === 1 ? t('1 chosen agent') : t('{0} chosen agents', formatCount(chosen))
}
