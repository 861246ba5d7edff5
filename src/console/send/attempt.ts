import { type RecordedRequest, recordOf } from '../../run/runRequest.ts'
import { confirmationFor, type SendOrigin } from './confirmation.ts'
import type { RunPlan } from './runPlan.ts'
import type { SendOutcome } from './sendOutcome.ts'

/** What is being done: looking for agents, waiting for the user's answer, publishing the command. */
export type AttemptStage = 'looking' | 'asking' | 'publishing'

/** How an attempt ended. */
export type AttemptEnd =
  | { readonly kind: 'ended'; readonly outcome: SendOutcome }
  | { readonly kind: 'failed'; readonly error: unknown }

/** One attempt to send a plan: from the last answer of the user until the run has begun, or nothing was sent. */
export class Attempt {
  readonly plan: RunPlan
  readonly origin: SendOrigin['kind']
  /** Without the values of its secrets. */
  readonly request: RecordedRequest
  /** Resolves once nothing is left to confirm. It may be asked again if the agents have changed. */
  readonly confirmed: Promise<void>
  readonly end: Promise<AttemptEnd>
  readonly #stopping = new AbortController()
  readonly #listeners = new Set<() => void>()
  #stage: AttemptStage = 'looking'
  #confirm: () => void = () => {}
  #settle: (end: AttemptEnd) => void = () => {}

  constructor(plan: RunPlan, origin: SendOrigin) {
    this.plan = plan
    this.origin = origin.kind
    this.request = recordOf(plan.request)
    this.confirmed = new Promise((resolve) => {
      this.#confirm = resolve
    })
    this.end = new Promise((resolve) => {
      this.#settle = resolve
    })
    if (confirmationFor(plan, origin).kind === 'none') this.#confirm()
  }

  get stage(): AttemptStage {
    return this.#stage
  }

  /** Aborts when the user stops it. */
  get stopped(): AbortSignal {
    return this.#stopping.signal
  }

  /** Whether it is shown where the user sees how it ends. */
  get isWatched(): boolean {
    return this.#listeners.size > 0
  }

  /** Calls `listener` when the stage changes. Returns a function that removes the listener. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Nothing is sent after this; what has just been sent is cancelled. */
  stop(): void {
    this.#stopping.abort()
  }

  enter(stage: AttemptStage): void {
    if (stage === this.#stage) return
    this.#stage = stage
    for (const listener of [...this.#listeners]) listener()
  }

  wasConfirmed(): void {
    this.#confirm()
  }

  settle(end: AttemptEnd): void {
    this.#settle(end)
  }
}
