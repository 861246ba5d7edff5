import type { Rule } from '../support/faults/faultPlan.ts'

/** What goes wrong all the time while the soak is on. */
export const badDay: readonly Rule[] = [
  { fault: { kind: 'refuse', as: 'throttled' }, chance: 0.02 },
  { fault: { kind: 'refuse', as: 'internal' }, chance: 0.02 },
  { fault: { kind: 'refuse', as: 'unavailable' }, chance: 0.01 },
  { fault: { kind: 'refuse', as: 'expired-token' }, chance: 0.004 },
  { fault: { kind: 'refuse', as: 'forbidden' }, chance: 0.003 },
  { fault: { kind: 'drop' }, chance: 0.01 },
  { fault: { kind: 'cut', how: 'reset' }, chance: 0.01 },
  { fault: { kind: 'cut', how: 'truncate' }, chance: 0.01 },
  { fault: { kind: 'slow', ms: [20, 400] }, chance: 0.1 },
  { fault: { kind: 'late', seconds: [1, 3] }, chance: 0.05 },
  { fault: { kind: 'late', seconds: [5, 12] }, chance: 0.005 },
  { fault: { kind: 'fail-entry' }, chance: 0.03 },
  { fault: { kind: 'twice' }, chance: 0.05 },
  { fault: { kind: 'again', afterMs: [200, 8_000] }, chance: 0.05 },
  { fault: { kind: 'undelete', afterMs: [500, 15_000] }, chance: 0.1 },
  { fault: { kind: 'sample' }, chance: 0.1 },
  { fault: { kind: 'shuffle' }, chance: 0.5 },
  { fault: { kind: 'miscount', by: 0.3 } },
]

/** What SQS does and fauxqs does not, also on good days. */
export const everyDay: readonly Rule[] = [{ fault: { kind: 'expire' } }]

/** Clocks of some machines minus SQS's, milliseconds, as far as AWS still takes their signatures. By access key. */
export const wrongClocks: Readonly<Record<string, number>> = {
  ...{ AGENT2: 240_000, AGENT3: -240_000 },
  MASTER1: -120_000,
}
