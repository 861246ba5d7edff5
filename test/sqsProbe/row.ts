import type { Replay } from '../support/faults/asSeen.ts'
import type { Answer } from './asking.ts'
import type { Bench } from './bench.ts'

/** One thing about SQS that the code relies on, and how to see whether an endpoint does it. */
export interface Row {
  /** Short and stable: what `--only`, recorded runs and tests name. */
  readonly name: string
  /** What the code is built for. */
  readonly assumed: string
  /** Which files and promises depend on it. */
  readonly matters: string
  /** Most requests that SQS bills for it, with those for its queues: each started 64 KB of bodies counts as one. */
  readonly requests: number
  /** It waits for more than a minute, so it is started first. */
  readonly isSlow?: boolean
  /** Rejects when that cannot be seen here: then the row is unclear. */
  look(bench: Bench): Promise<Seen>
}

/** `unclear`: the endpoint did not let us see it, so nothing follows from the row. */
export type Verdict = 'same' | 'differs' | 'unclear'

export interface Seen {
  readonly verdict: Verdict
  /** In words, with the figures. */
  readonly seen: string
  /** What shows it. Where that is nothing, and it is not the same, the last answers do. */
  readonly evidence: readonly Answer[]
  /** Faults that make the proxy of our tests behave as seen. */
  readonly replay: readonly Replay[]
}

interface More {
  readonly evidence?: readonly Answer[]
  readonly replay?: readonly Replay[]
}

export function same(seen: string, more: More = {}): Seen {
  return { verdict: 'same', seen, evidence: [], replay: [], ...more }
}

export function differs(seen: string, more: More = {}): Seen {
  return { verdict: 'differs', seen, evidence: [], replay: [], ...more }
}

export function unclear(seen: string, more: More = {}): Seen {
  return { verdict: 'unclear', seen, evidence: [], replay: [], ...more }
}

/** `same` where it holds, else `differs`. */
export function judge(holds: boolean, seen: string, more: More = {}): Seen {
  return holds ? same(seen, more) : differs(seen, more)
}

/** An answer in one word: `done`, or the code of the refusal. */
export function outcomeOf({ refusal }: Answer): string {
  return refusal?.code ?? 'done'
}
