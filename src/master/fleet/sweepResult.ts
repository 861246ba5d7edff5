/**
 * How a sweep ended. `proved`: everything was read that was on the queue when it began. `known`: everybody was met who was
 * expected. `unsure`: messages may be unread.
 */
export type SweepEnd = 'proved' | 'known' | 'unsure'

export interface SweepResult {
  readonly messages: number
  readonly end: SweepEnd
  /** Of its time, milliseconds: waiting for what may come, rather than reading. */
  readonly waitedMs: number
}
