import { classifyError } from './errorKind.ts'

/** A failed entry of a batch, as SQS lists it. */
export interface FailedEntry {
  readonly Id?: string | undefined
  readonly Code?: string | undefined
  readonly Message?: string | undefined
  readonly SenderFault?: boolean | undefined
}

/**
 * What a failed delete or release of one message means for us. `gone`: the message is not there, or not ours to settle, so
 * there is nothing to do. `later`: it may work in a moment. `refused`: this is not about the message, but about the queue or
 * our permissions.
 */
export type EntryFailure = 'gone' | 'later' | 'refused'

/** Decides by what a code means for us, since SQS has several codes for one thing, and more may come. */
export function meaningOfFailure(entry: FailedEntry): EntryFailure {
  const { kind } = classifyError(entry)
  switch (kind) {
    case 'throttled':
    case 'network':
      return 'later'
    case 'forbidden':
    case 'credentials':
    case 'missing-queue':
      return 'refused'
    case 'invalid':
      return 'gone'
    case 'unknown':
      return entry.SenderFault === false ? 'later' : 'gone'
  }
}
