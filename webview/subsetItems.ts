import type { Subset } from '../src/page/fromPage.ts'
import { type AgentState, isFailure, verdicts } from '../src/protocol/verdict.ts'
import { formatCount } from './format.ts'
import type { RunModel } from './runModel.ts'
import type { MenuItem } from './ui/menuButton.ts'
import { t } from './words.ts'

/** Menu entries for the agents of the run that a next command may be for, each with their number. */
export function subsetItems(model: RunModel, choose: (on: Subset) => void): MenuItem[] {
  const { counts, total, hits } = model
  const item = (label: string, on: Subset, agents: number): MenuItem => ({
    label,
    detail: formatCount(agents),
    enabled: agents > 0,
    onPick: () => choose(on),
  })
  const count = (...states: readonly AgentState[]) =>
    states.reduce((sum, state) => sum + (counts[state] ?? 0), 0)
  const shown = model.shown().map(({ id }) => id)
  const { states, hostText, onlyHits, only } = model.narrowing
  const isNarrowed = states.size > 0 || hostText !== '' || onlyHits || only !== undefined
  return [
    item(t('On agents that failed'), { kind: 'failed' }, count(...failed)),
    item(t('On agents with no reply'), { kind: 'no-reply' }, count(...unanswered)),
    item(t('On agents not started'), { kind: 'not-started' }, count('not-started')),
    ...(count('cancelled') > 0
      ? [item(t('On cancelled agents'), { kind: 'cancelled' }, count('cancelled'))]
      : []),
    ...(isNarrowed && shown.length < total
      ? [item(t('On the agents shown'), { kind: 'agents', agents: shown }, shown.length)]
      : []),
    ...(hits.size > 0
      ? [item(t('On agents with a match'), { kind: 'agents', agents: [...hits.keys()] }, hits.size)]
      : []),
  ]
}

const unanswered: readonly AgentState[] = ['no-reply', 'lost']

/** An agent that executed it without being named was not meant, and is not meant by the next run either. */
const failed = verdicts.filter(
  (verdict) => isFailure(verdict) && !unanswered.includes(verdict) && verdict !== 'unexpected',
)
