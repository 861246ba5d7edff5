import type { Run } from '../../master/run.ts'

/** What the page needs of a run, be it under way or one of the past. */
export type ShownRun = Pick<Run, 'state' | 'onChange' | 'output'>

/** The environment as the page and the user's confirmations show it. */
export interface ShownEnvironment {
  readonly name: string
  readonly colour?: string
  readonly protected: boolean
}
