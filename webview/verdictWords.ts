import type { AgentState } from '../src/protocol/verdict.ts'

/** What people call a state, on a row and in a sentence. */
export const verdictWords: Readonly<Record<AgentState, string>> = {
  failed: 'failed',
  'timed-out': 'timed out',
  lost: 'lost',
  'no-reply': 'no reply',
  interrupted: 'interrupted',
  refused: 'refused',
  cancelled: 'cancelled',
  'not-started': 'not started',
  succeeded: 'succeeded',
  running: 'running',
  expected: 'waiting',
}

/** What a verdict means, for whoever hovers over it. */
export const verdictMeanings: Readonly<Record<AgentState, string>> = {
  failed: 'It ended with an exit code other than 0, or a signal.',
  'timed-out': 'The agent stopped it: it took longer than the timeout.',
  lost: 'The agent had begun, then fell silent.',
  'no-reply': 'The agent was expected and never answered.',
  interrupted: 'The agent was restarted while it ran.',
  refused: 'The agent did not run it, and says why.',
  cancelled: 'Stopped because you cancelled it; the agent confirmed.',
  'not-started': 'The rollout stopped before its turn came.',
  succeeded: 'It ended with exit code 0.',
  running: 'The agent has begun and is not done.',
  expected: 'Sent, no sign of life yet.',
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
