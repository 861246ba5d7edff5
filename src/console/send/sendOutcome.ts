import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import type { Run } from '../../master/engine/run.ts'
import type { SendOrigin } from './confirmation.ts'

/** A run and the environment that it went to. */
export interface StartedRun {
  readonly run: Run
  readonly environment: DeclaredEnvironment
  readonly origin: SendOrigin['kind'] | 'resumed'
}

/** The result of an attempt to send. */
export type SendOutcome =
  | { readonly kind: 'not-sent'; readonly why: 'declined' | 'stopped' }
  /** See {@link StartOutcome}. */
  | { readonly kind: 'sent' | 'cancelled' | 'interrupted'; readonly started: StartedRun }
