import type { Localizable } from '../text/localizable.ts'

/** Something about an environment's queues that is not as it should be. */
export interface Finding {
  readonly code: FindingCode
  /** `error`: commands, replies or servers get lost. `warning`: slower, dearer, or odd. */
  readonly severity: 'error' | 'warning'
  /** Queue name; empty where the finding is about the environment. */
  readonly queue: string
  /** What is wrong, in one sentence. */
  readonly what: Localizable
  /** What it does to the user. */
  readonly why: Localizable
  /** What to do. */
  readonly advice: Localizable
  /** What we can do about it: run a set-up plan, or give the IAM statement that is missing. */
  readonly fix?: 'set-up' | { readonly allow: { readonly action: string; readonly queue: string } }
}

export type FindingCode =
  | 'missing-queue'
  | 'wrong-region'
  | 'wrong-attribute'
  | 'redrive-policy'
  | 'hidden-messages'
  | 'many-commands'
  | 'unreachable'
  | 'credentials'
  | 'forbidden'
  | 'clock'
  | 'failed'
