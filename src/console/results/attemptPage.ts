import * as vscode from 'vscode'
import type { FromPage } from '../../page/fromPage.ts'
import type { AttemptNews, ToPage } from '../../page/toPage.ts'
import { chosenBy, describeTargets } from '../../run/targetText.ts'
import { actionHeader, environmentHeader } from './headerProjection.ts'
import type { AttemptEnd, ShownAttempt } from './shownRun.ts'

export interface AttemptPageOptions {
  readonly attempt: ShownAttempt
  post(message: ToPage): void
  /** Something that the user asked for failed. */
  onFailure(error: unknown): void
}

/** A page that shows a run which is not sent yet. */
export class AttemptPage {
  readonly #options: AttemptPageOptions
  readonly #unwatch: () => void
  #isStopping = false
  #failure: Extract<AttemptEnd, { kind: 'failed' }> | undefined

  constructor(options: AttemptPageOptions) {
    this.#options = options
    this.#unwatch = options.attempt.watch(() => this.#tell())
  }

  receive(request: FromPage): void {
    const { attempt, onFailure } = this.#options
    switch (request.type) {
      case 'ready':
        this.#tell()
        break
      case 'cancel':
        this.#isStopping = true
        attempt.stop()
        this.#tell()
        break
      case 'attempt-again':
        if (this.#failure !== undefined) attempt.again().catch(onFailure)
        break
      case 'attempt-action':
        void this.#failure?.actions[request.index]?.apply()
    }
  }

  fail(failure: Extract<AttemptEnd, { kind: 'failed' }>): void {
    this.#failure = failure
    this.#tell()
  }

  /** The user no longer sees how it ends. */
  dispose(): void {
    this.#unwatch()
  }

  #tell(): void {
    const { attempt, post } = this.#options
    const { environment, request } = attempt
    const { t } = vscode.l10n
    post({
      type: 'attempt',
      environment: environmentHeader(environment),
      targets: describeTargets(request.filter, chosenBy(request), t),
      action: actionHeader(request, t),
      state: this.#state(),
    })
  }

  #state(): AttemptNews['state'] {
    if (this.#failure !== undefined) {
      const { reason, actions } = this.#failure
      return { kind: 'failed', reason, actions: actions.map(({ label }) => label) }
    }
    return { kind: 'under-way', status: attemptStatus(this.#options.attempt), stopping: this.#isStopping }
  }
}

/** What is being done, in words. */
export function attemptStatus({ stage, environment: { name } }: ShownAttempt): string {
  const { t } = vscode.l10n
  if (stage === 'looking') return t('Looking for agents of {0}…', name)
  return stage === 'asking' ? t('Waiting for your answer…') : t('Sending to {0}…', name)
}
