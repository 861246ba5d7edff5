import type { Verdict } from '../../src/protocol/verdict.ts'
import type { ReplyState, RunState } from '../../src/run/runState.ts'
import type { Expected } from './commandShapes.ts'
import type { Effects } from './effects.ts'

/** What is known of one command on one agent. */
export interface Occurrence {
  readonly run: RunState
  readonly reply: ReplyState
  readonly expected: Expected
  readonly effects: Effects
  /** When the agent was killed, milliseconds since the epoch. */
  readonly kills: readonly number[]
  /** As the history has it. */
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/** Why a verdict is not true; undefined when it is. */
export function untruth(verdict: Verdict, occurrence: Occurrence): string | undefined {
  const { run, reply, expected, effects, kills } = occurrence
  const { start, end } = effects
  const { outcome } = reply
  const facts = `it began ${start} times and came to its end ${end} times`
  switch (verdict) {
    case 'succeeded':
    case 'failed': {
      if (outcome?.kind !== 'exited')
        return `${verdict} by ${outcome?.kind} ${JSON.stringify(outcome)}; ${facts}`
      if (start === 1 && end === 1 && outcome.code === expected.end) return undefined
      return `exit code ${outcome.code} instead of ${expected.end}; ${facts}`
    }
    case 'timed-out': {
      const isTrue = expected.isClose ? end === 0 || start === 1 : expected.end === 'endless' && end === 0
      return isTrue ? undefined : `timed-out, but ${facts}`
    }
    case 'cancelled': {
      if (run.cancelRequestedAt === undefined) return 'cancelled, and nobody asked for that'
      if (outcome?.kind === 'cancelled' && !outcome.started && start > 0)
        return `cancelled before it started, but ${facts}`
      // Of one that was stopped at once, its first line may not have been reached.
      return end === 0 || (expected.isClose && start === 1) ? undefined : `cancelled, but ${facts}`
    }
    case 'interrupted':
      return kills.some((at) => at >= run.startedAt) ? undefined : 'interrupted, but its agent was not killed'
    case 'refused':
      return start === 0 ? undefined : `refused (${reply.refusal?.reason}), but ${facts}`
    case 'not-started':
    case 'no-reply':
    case 'lost':
      return start === 0 && verdict !== 'lost' ? undefined : `${verdict}, but ${facts}`
  }
}

/** The same of a ping: it leaves no effects, and the agent itself answers, at once or not at all. */
export function untruthOfPing(verdict: Verdict, { run, reply }: Occurrence): string | undefined {
  switch (verdict) {
    case 'succeeded':
      return reply.outcome?.kind === 'exited' && reply.outcome.code === 0
        ? undefined
        : `succeeded by ${JSON.stringify(reply.outcome)}`
    case 'cancelled':
      return run.cancelRequestedAt === undefined ? 'cancelled, and nobody asked for that' : undefined
    case 'refused':
    case 'not-started':
    case 'no-reply':
      return undefined
    default:
      return `a ping that is ${verdict}`
  }
}

/** Why an output is not what it is said to be; undefined when it is. */
export function outputDamage({ reply, expected, stdout, stderr }: Occurrence): string | undefined {
  const differs = `${stdout.length}+${stderr.length} bytes of output, expected ${expected.stdout.length}+${expected.stderr.length}`
  if (reply.outcome?.kind === 'exited' && reply.output === 'complete') {
    const isWhole = stdout.equals(expected.stdout) && stderr.equals(expected.stderr)
    return isWhole ? undefined : `output called complete and is not: ${differs}`
  }
  if (reply.outcome?.kind === 'exited' && reply.output === 'none')
    return expected.stdout.length + expected.stderr.length === 0 ? undefined : `no output: ${differs}`
  if (reply.output === 'partial') return `output still partial: ${differs}`
  const begins = (whole: Buffer, part: Buffer) => whole.subarray(0, part.length).equals(part)
  return begins(expected.stdout, stdout) && begins(expected.stderr, stderr)
    ? undefined
    : `${reply.output} output is not what it printed: ${differs}`
}
