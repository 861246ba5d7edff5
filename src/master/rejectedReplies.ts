import { SenderTally } from '../queues/senderTally.ts'
import type { MasterWarning, Rejected, RejectedReply } from './masterWarning.ts'

/** Counts the messages on the reply queue that were rejected, and reports those that a {@link SenderTally} selects. */
export class RejectedReplies {
  readonly counts: Rejected = { unreadable: 0, forged: 0, foreign: 0 }
  readonly #report: (warning: MasterWarning) => void
  readonly #tallies = { unreadable: new SenderTally(), forged: new SenderTally(), foreign: new SenderTally() }

  constructor(report: (warning: MasterWarning) => void) {
    this.#report = report
  }

  add(rejected: RejectedReply): void {
    this.counts[rejected.kind] += 1
    const count = this.#tallies[rejected.kind].count(rejected.senderId)
    if (count !== undefined) this.#report({ ...rejected, count })
  }
}
