import type { Dice, Range } from './dice.ts'
import type { HandleState } from './handles.ts'
import type { EntryFailure, Refusal } from './refusals.ts'
import type { Subject } from './subject.ts'

/** One thing that goes wrong between a caller and SQS. Chances are per request by default. */
export type Fault =
  /** SQS says no and does nothing. */
  | { readonly kind: 'refuse'; readonly as: Refusal }
  /**
   * SQS's clock looks at when a request was signed, and refuses what is five minutes off or more. `as`: the code by which it
   * does so; AWS uses each of them.
   */
  | {
      readonly kind: 'check-clock'
      readonly as?:
        | 'InvalidSignatureException'
        | 'RequestTimeTooSkewed'
        | 'RequestExpired'
        | 'SignatureDoesNotMatch'
    }
  /** The connection ends without an answer; the request has not reached SQS. */
  | { readonly kind: 'drop' }
  /** SQS does it, and the answer breaks off in the middle: by a reset, or with an end as if that were all. */
  | { readonly kind: 'cut'; readonly how: 'reset' | 'truncate' }
  /** The request takes longer on its way, milliseconds. */
  | { readonly kind: 'slow'; readonly ms: Range }
  /** SQS is so far away: the way there and back takes so long, milliseconds, half of it before SQS hears of the request. */
  | { readonly kind: 'far'; readonly ms: Range }
  /** Per message sent: nobody sees it for so long, whole seconds. Others that were sent later come first. */
  | { readonly kind: 'late'; readonly seconds: Range }
  /** Per entry of a batch: SQS does the others and not this one, by default for `InternalError`. */
  | { readonly kind: 'fail-entry'; readonly as?: EntryFailure }
  /** Entries that fail because their message is gone say so by this code. */
  | { readonly kind: 'gone-as'; readonly code: EntryFailure }
  /** An entry by a handle in this state fails by this code, or is a `success`, whatever became of it. */
  | { readonly kind: 'handle'; readonly state: HandleState; readonly as: string }
  /** Per entry: a delete by a handle that is not of the message's latest receive says that it worked, and does nothing. */
  | { readonly kind: 'old-handle' }
  /** Per message received: it is twice in this answer, where there is room. */
  | { readonly kind: 'twice' }
  /** Per message received: it is shown once more later, whatever its visibility timeout, even when it was deleted. */
  | { readonly kind: 'again'; readonly afterMs: Range }
  /** Per message deleted: it comes back, to stay until it is deleted again. */
  | { readonly kind: 'undelete'; readonly afterMs: Range }
  /** Per message received: this answer is without it, and it stays where it is. */
  | { readonly kind: 'sample' }
  /** A receive brings so many at most, however many wait. With `spellMs` one number holds for so long, for the whole queue. */
  | { readonly kind: 'few'; readonly most: Range; readonly spellMs?: number }
  /** The same, with one of the numbers that were seen, each as often as it stands there. */
  | { readonly kind: 'few'; readonly sizes: readonly number[] }
  /** A receive that does not wait brings nothing, although messages are there. */
  | { readonly kind: 'empty' }
  /** The messages of an answer in another order. */
  | { readonly kind: 'shuffle' }
  /** Messages that are older are gone: by the queue's own retention, or by this many milliseconds. */
  | { readonly kind: 'expire'; readonly afterMs?: number }
  /** `SenderId` of all messages received. */
  | { readonly kind: 'sender'; readonly senderId: string }
  /** SQS's clock as this caller sees it: `Date` and `SentTimestamp` are off by this, milliseconds. */
  | { readonly kind: 'clock'; readonly offsetMs: number }
  /** The approximate numbers of messages are off by up to this share, 0 to 1. */
  | { readonly kind: 'miscount'; readonly by: number }
  /**
   * The approximate numbers are what they were when somebody asked at least so long ago, milliseconds; 0 before that, and
   * always when it is infinite.
   */
  | { readonly kind: 'lag'; readonly ms: number }
  /** For so long after they were changed, milliseconds, attributes are said to be what they were. */
  | { readonly kind: 'old-attributes'; readonly ms: number }
  /** Attributes that are not told, as other engines do not tell all. */
  | { readonly kind: 'untold'; readonly names: readonly string[] }
  /** Within so long after it was made, milliseconds, a queue is not there. */
  | { readonly kind: 'unready'; readonly ms: number }
  /** Within so long after a queue was deleted, milliseconds, none may be made with its name. */
  | { readonly kind: 'name-taken'; readonly ms: number }

/** Which requests a fault meets: all of them where nothing is said. */
export interface Match {
  /** SQS operations, as in `ReceiveMessage`. */
  readonly actions?: readonly string[]
  /** Queue names that fit. */
  readonly queue?: RegExp
  /** Callers by their access key id. */
  readonly principals?: readonly string[]
}

export interface Rule extends Match {
  readonly fault: Fault
  /** 0 to 1; always when absent. */
  readonly chance?: number
}

/** The faults of one kind that a request meets, with their chances not yet thrown. */
export function rulesFor<K extends Fault['kind']>(
  rules: Iterable<Rule>,
  kind: K,
  subject: Subject,
): { readonly fault: Extract<Fault, { kind: K }>; readonly chance: number }[] {
  return [...rules].flatMap((rule) => {
    const { fault, chance = 1, actions, queue, principals } = rule
    if (fault.kind !== kind) return []
    if (actions !== undefined && !actions.includes(subject.action)) return []
    if (queue !== undefined && !queue.test(subject.queue)) return []
    if (principals !== undefined && !principals.includes(subject.principal)) return []
    return [{ fault: fault as Extract<Fault, { kind: K }>, chance }]
  })
}

/** The first fault of a kind that strikes, if any does. */
export function strike<K extends Fault['kind']>(
  rules: Iterable<Rule>,
  kind: K,
  subject: Subject,
  dice: Dice,
): Extract<Fault, { kind: K }> | undefined {
  return rulesFor(rules, kind, subject).find(({ chance }) => dice.chance(chance))?.fault
}
