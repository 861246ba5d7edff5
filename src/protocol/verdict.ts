import { type Localizable, say } from '../text/localizable.ts'

/**
 * The state of one agent within a run. Exactly one of these at any time; once over, one of {@link Verdict}. The master
 * assumes `lost` and `no-reply` when no reply arrives: a reply that arrives later replaces them.
 */
export type AgentState = 'expected' | 'running' | Verdict

/** How a reply ended. Each expected agent of a finished run has exactly one. */
export type Verdict = (typeof verdicts)[number]

/** Every verdict, in the order in which people want to see them: failures first, success last. */
export const verdicts = [
  'unexpected',
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

/** Verdicts that count against a rollout's failure budget: all but success, cancelled and not started. */
export function isFailure(verdict: Verdict): boolean {
  return verdict !== 'succeeded' && verdict !== 'cancelled' && verdict !== 'not-started'
}

/** The name of each state wherever people read it: page, history, menus, command line. Programs read the id. */
export const stateNames: Readonly<Record<AgentState, Localizable>> = {
  unexpected: say('unexpected'),
  failed: say('failed'),
  'timed-out': say('timed out'),
  lost: say('lost'),
  'no-reply': say('no reply'),
  interrupted: say('interrupted'),
  refused: say('refused'),
  cancelled: say('cancelled'),
  'not-started': say('not started'),
  succeeded: say('succeeded'),
  running: say('running'),
  expected: say('waiting'),
}
