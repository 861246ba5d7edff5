import * as vscode from 'vscode'
import { runIdInLink } from '../../run/runLink.ts'
import type { Results } from '../results/results.ts'
import type { ShownRuns } from './shownRuns.ts'

/**
 * Opens links to runs, which anybody can write into a page or a mail: it shows a run of this workspace, and does nothing
 * else: it connects to nothing, and resumes no rollout. Links that come while another one is being opened, or its message is on the screen, are dropped: a page could open
 * thousands.
 */
export class RunLinks implements vscode.UriHandler {
  readonly #shownRuns: Pick<ShownRuns, 'look'>
  readonly #results: Pick<Results, 'show'>
  readonly #onFailure: (error: unknown) => void
  #isBusy = false

  constructor(
    shownRuns: Pick<ShownRuns, 'look'>,
    results: Pick<Results, 'show'>,
    onFailure: (error: unknown) => void,
  ) {
    this.#shownRuns = shownRuns
    this.#results = results
    this.#onFailure = onFailure
  }

  async handleUri(uri: vscode.Uri): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    try {
      await this.#open(runIdInLink(uri))
    } catch (error) {
      this.#onFailure(error)
    } finally {
      this.#isBusy = false
    }
  }

  async #open(runId: string | undefined): Promise<void> {
    if (runId === undefined) {
      await vscode.window.showWarningMessage(vscode.l10n.t('This is not a link to a run.'))
      return
    }
    const shown = await this.#shownRuns.look(runId)
    if (shown !== undefined) return this.#results.show(shown)
    await vscode.window.showWarningMessage(
      vscode.l10n.t(
        'The run {0} is not in the history of this workspace. Open the link in the window from which it was sent, or export the run there.',
        runId,
      ),
    )
  }
}
