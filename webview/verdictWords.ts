import type { AgentState } from '../src/protocol/verdict.ts'
import { t } from './words.ts'

/** What people call a state, on a row and in a sentence. */
export const verdictWords: Readonly<Record<AgentState, string>> = {
  failed: t('failed'),
  'timed-out': t('timed out'),
  lost: t('lost'),
  'no-reply': t('no reply'),
  interrupted: t('interrupted'),
  refused: t('refused'),
  cancelled: t('cancelled'),
  'not-started': t('not started'),
  succeeded: t('succeeded'),
  running: t('running'),
  expected: t('waiting'),
}

/** What a verdict means, for whoever hovers over it. */
export const verdictMeanings: Readonly<Record<AgentState, string>> = {
  failed: t('It ended with an exit code other than 0, or a signal.'),
  'timed-out': t('The agent stopped it: it took longer than the timeout.'),
  lost: t('The agent had begun, then fell silent.'),
  'no-reply': t('The agent was expected and never answered.'),
  interrupted: t('The agent was restarted while it ran.'),
  refused: t('The agent did not run it, and says why.'),
  cancelled: t('Stopped because you cancelled it; the agent confirmed.'),
  'not-started': t('The rollout stopped before its turn came.'),
  succeeded: t('It ended with exit code 0.'),
  running: t('The agent has begun and is not done.'),
  expected: t('Sent, no sign of life yet.'),
}

/** Every state in the order in which a person wants to see them: trouble first, then what is open, success last. */
export const stateOrder: readonly AgentState[] = [
  'failed',
  'timed-out',
  'lost',
  'no-reply',
  'interrupted',
  'refused',
  'cancelled',
  'not-started',
  'running',
  'expected',
  'succeeded',
]
