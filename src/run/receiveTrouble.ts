import type { Localizable } from '../text/localizable.ts'

/** Why replies cannot be received at this moment. It concerns a master and all of its runs, and is in no record. */
export interface ReceiveTrouble {
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly why: Localizable
  /**
   * It passes by itself: until this time no agent is given up, as its reply may be waiting. Milliseconds since the epoch.
   * Absent where somebody has to act: agents that are silent are given up in time, and that is called uncertain.
   */
  readonly waitsUntil?: number
}
