import type { Queues } from '../../../src/queues/queues.ts'

/**
 * SQS's clock, by which masters and agents agree. This machine's own is as good a guess as any before SQS has answered;
 * after that, whatever it shows or is set to does not matter.
 */
export interface SqsTime {
  /** Milliseconds. */
  readonly sqs: () => number
  readonly isSqsKnown: () => boolean
  /** A clock that nobody sets, milliseconds. */
  readonly steady: () => number
  /** When this process began, by SQS's clock as soon as that is known. */
  startedAt(): number
}

export function createSqsTime(
  queues: Pick<Queues, 'clockOffsetMs'>,
  now: () => number = Date.now,
  steady: () => number = () => performance.now(),
): SqsTime {
  const begunAt = steady()
  let startedAt: number | undefined
  const sqs = () => now() + (queues.clockOffsetMs ?? 0)
  return {
    sqs,
    steady,
    isSqsKnown: () => queues.clockOffsetMs !== undefined,
    startedAt() {
      const guess = startedAt ?? sqs() - (steady() - begunAt)
      // Found out once: in its sleep a machine's steady clock stands still.
      if (queues.clockOffsetMs !== undefined) startedAt = guess
      return guess
    },
  }
}
