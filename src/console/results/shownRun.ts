import type { Run } from '../../master/engine/run.ts'
import type { Sighting } from '../../page/toPage.ts'
import type { Facts } from '../../protocol/facts.ts'
import type { ReportedRun } from '../../report/reportedRun.ts'
import type { RecordedRequest } from '../../run/runRequest.ts'

/** What the page needs of a run, in progress or finished. */
export type ShownRun = ReportedRun &
  Pick<Run, 'onChange'> &
  /** Only of a run in progress. */
  Partial<Pick<Run, 'trouble' | 'nextStepAt' | 'giveUpAt'>>

/** The controls of a run in progress. Stopping needs no confirmation. */
export type Steering = Pick<Run, 'cancel' | 'pause' | 'stopRollout'>

/** The environment as the page and confirmations show it. */
export interface ShownEnvironment {
  readonly name: string
  readonly colour?: string
  readonly protected: boolean
}

/** A run with everything that its page needs. */
export interface Shown {
  readonly run: ShownRun
  readonly environment: ShownEnvironment
  /** Absent for a finished run. */
  readonly steering?: Steering
  /** Another window has the run in progress, and alone can pause it or go on with it. */
  readonly elsewhere?: {
    /** Resolves when no window has it now: it can be found again. */
    readonly left: Promise<void>
  }
  /** What the facts say of an agent now; undefined where its environment is not open. */
  readonly sighting?: ((agentId: string) => Omit<Sighting, 'type' | 'agent'> | undefined) | undefined
  /** What is known of an agent now; nothing while the environment is not open. */
  factsOf?(agentId: string): Facts | undefined
}

/** A run that is not sent yet. */
export interface ShownAttempt {
  readonly environment: ShownEnvironment
  readonly request: RecordedRequest
  readonly stage: 'looking' | 'asking' | 'publishing'
  /** Resolves once the user has nothing left to confirm: before that, what they look at stays. */
  readonly confirmed: Promise<void>
  readonly end: Promise<AttemptEnd>
  /** Calls `listener` when the stage changes. Returns a function that removes the listener. */
  watch(listener: () => void): () => void
  /** Nothing is sent after this; what has just been sent is cancelled. */
  stop(): void
  /** Shows its review again. */
  again(): Promise<unknown>
}

/** `nothing`: the user stopped it, or said no. */
export type AttemptEnd =
  | { readonly kind: 'run'; readonly shown: Shown }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'failed'; readonly reason: string; readonly actions: readonly AttemptAction[] }

/** What the user can do about a failure. */
export interface AttemptAction {
  readonly label: string
  readonly apply: () => unknown
}
