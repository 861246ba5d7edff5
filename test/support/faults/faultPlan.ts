import type { Dice, Range } from './dice.ts'

/** One thing that goes wrong between a caller and SQS. Chances are per request unless told otherwise. */
export type Fault =
  /** SQS says no and does nothing. */
  | { readonly kind: 'refuse'; readonly as: Refusal }
  /** The connection ends without an answer; SQS has not heard of it. */
  | { readonly kind: 'drop' }
  /** SQS does it, and the answer breaks off in the middle: by a reset, or with an end as if that were all. */
  | { readonly kind: 'cut'; readonly how: 'reset' | 'truncate' }
  /** The request takes longer on its way, milliseconds. */
  | { readonly kind: 'slow'; readonly ms: Range }
  /** Per message sent: nobody sees it for so long, whole seconds. Others that were sent later come first. */
  | { readonly kind: 'late'; readonly seconds: Range }
  /** Per entry of a batch: SQS takes the others and not this one. */
  | { readonly kind: 'fail-entry' }
  /** Per message received: it is twice in this answer, where there is room. */
  | { readonly kind: 'twice' }
  /** Per message received: it is shown once more later, whatever its visibility timeout, even when it was deleted. */
  | { readonly kind: 'again'; readonly afterMs: Range }
  /** Per message deleted: it comes back, to stay until it is deleted again. */
  | { readonly kind: 'undelete'; readonly afterMs: Range }
  /** Per message received: this answer is without it, and it stays where it is. */
  | { readonly kind: 'sample' }
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

export type Refusal =
  | 'throttled'
  | 'internal'
  | 'unavailable'
  | 'expired-token'
  | 'forbidden'
  | 'skewed'
  | 'missing-queue'

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

/** Who asks for what of which queue; the queue's name is empty where there is none. */
export interface Subject {
  readonly action: string
  readonly queue: string
  readonly principal: string
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
