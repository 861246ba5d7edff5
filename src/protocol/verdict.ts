/**
 * How one agent stands within a run. Exactly one of these at any time; once over, one of {@link Verdict}.
 * `lost` and `no-reply` are what the master must assume when it hears nothing: a reply that arrives later
 * replaces them with the truth.
 */
export type AgentState = 'expected' | 'running' | Verdict

/** How a reply ended. Each expected agent of a finished run has exactly one. */
export type Verdict = (typeof verdicts)[number]

/** Every verdict, in the order in which a person wants to see them: trouble first, success last. */
export const verdicts = [
  'failed',
  'timed-out',
  'lost',
  'no-reply',
  'interrupted',
  'refused',
  'cancelled',
  'not-started',
  'succeeded',
] as const

export function isVerdict(state: AgentState): state is Verdict {
  return state !== 'expected' && state !== 'running'
}

/** Verdicts that count against a rollout's failure budget: everything that is not proven good or asked for. */
export function isFailure(verdict: Verdict): boolean {
  return verdict !== 'succeeded' && verdict !== 'cancelled' && verdict !== 'not-started'
}
