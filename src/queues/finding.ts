import type { Localizable } from '../text/localizable.ts'

/** A problem with an environment's queues. */
export interface Finding {
  readonly code: FindingCode
  /** `error`: commands, replies or servers get lost. `warning`: slower, more expensive, or unusual. */
  readonly severity: 'error' | 'warning'
  /** Queue name; empty where the finding is about the environment. */
  readonly queue: string
  /** What is wrong, in one sentence. */
  readonly what: Localizable
  /** What it means for the user. */
  readonly why: Localizable
  /** What to do. */
  readonly advice: Localizable
  /** What we can do about it: run a set-up plan, or offer the missing IAM statement. */
  readonly fix?:
    | 'set-up'
    | 'clean-queues'
    | { readonly allow: { readonly action: string; readonly queue: string } }
}

export type FindingCode =
  | 'missing-queue'
  | 'wrong-region'
  | 'wrong-attribute'
  | 'redrive-policy'
  | 'hidden-messages'
  | 'many-commands'
  | 'unused-queues'
  | 'shared-replies'
  | 'unreachable'
  | 'credentials'
  | 'forbidden'
  | 'clock'
  | 'failed'
