import type { Run } from '../../master/engine/run.ts'
import type { ReportedRun } from '../../report/reportedRun.ts'

/** What the page needs of a run, be it under way or one of the past. */
export type ShownRun = ReportedRun & Pick<Run, 'onChange'>

/** What can be done to a run that is under way. Stopping things asks for no confirmation. */
export type Steering = Pick<Run, 'cancel' | 'pause' | 'resume' | 'stopRollout'>

/** The environment as the page and the user's confirmations show it. */
export interface ShownEnvironment {
  readonly name: string
  readonly colour?: string
  readonly protected: boolean
}

/** A run with what belongs to it on a page. */
export interface Shown {
  readonly run: ShownRun
  readonly environment: ShownEnvironment
  /** Absent for a run of the past that nobody steers any more. */
  readonly steering?: Steering
}
