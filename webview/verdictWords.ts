import { type AgentState, stateNames, verdicts } from '../src/protocol/verdict.ts'
import { localize } from '../src/text/localizable.ts'
import { t } from './words.ts'

/** The name of a state, in the language of the page. */
export const verdictWords = Object.fromEntries(
  Object.entries(stateNames).map(([state, name]) => [state, localize(name, t)]),
) as Readonly<Record<AgentState, string>>

/** What a state means, as a tooltip. */
export const verdictMeanings: Readonly<Record<AgentState, string>> = {
  unexpected: t('The agent executed the command although the command did not name it.'),
  failed: t('The command ended with an exit code other than 0, or by a signal.'),
  'timed-out': t('The agent stopped the command because it exceeded the timeout.'),
  lost: t('The agent started the command, then stopped reporting.'),
  'no-reply': t('The agent was expected to reply and did not.'),
  interrupted: t('The agent restarted while the command was running.'),
  refused: t('The agent refused to run the command, and says why.'),
  cancelled: t('You cancelled the command, and the agent confirmed that it stopped.'),
  'not-started': t('The rollout stopped before it reached this agent.'),
  succeeded: t('The command ended with exit code 0.'),
  running: t('The agent has started the command.'),
  expected: t('The command was sent; the agent has not replied yet.'),
}

/** Every state in the order in which people want to see them: failures first, then unfinished ones, success last. */
export const stateOrder: readonly AgentState[] = verdicts.flatMap((verdict): AgentState[] =>
  verdict === 'succeeded' ? ['running', 'expected', verdict] : [verdict],
)
