import type { RunLimits } from '../execution/runLimits.ts'
import type { User } from '../execution/users.ts'
import type { Audit } from '../log/audit.ts'
import type { Log } from '../log/log.ts'
import type { ReplyFrom } from '../replies/replyWriter.ts'
import type { Configuration } from '../settings/configuration.ts'

/** What everything that has to do with runs goes by. */
export interface RunContext {
  readonly from: ReplyFrom
  readonly ownUser: User
  /** As it is at the moment. */
  readonly configuration: () => Configuration
  readonly limits: Pick<RunLimits, 'begin' | 'leftOf'>
  readonly audit: Audit
  readonly log: Log
  /** Called each time when no run is left. */
  readonly onRest: () => void
  /** Own clock, milliseconds. */
  readonly now: () => number
}
