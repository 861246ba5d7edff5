import type { Run } from '../../master/engine/run.ts'
import type { Facts } from '../../protocol/facts.ts'
import type { ReportedRun } from '../../report/reportedRun.ts'

/** What the page needs of a run, in progress or finished. */
export type ShownRun = ReportedRun & Pick<Run, 'onChange'>

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
  /** What is known of an agent now; nothing while the environment is not open. */
  factsOf?(agentId: string): Facts | undefined
}
