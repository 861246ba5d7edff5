import * as vscode from 'vscode'
import { type FromPage, parsePageState } from '../../page/fromPage.ts'
import { readSetting } from '../declarations/settings.ts'
import { messageOf } from '../text/messageOf.ts'
import { OutputDocuments } from './outputDocuments.ts'

import type { ResultsActions } from './resultsActions.ts'
import { ResultsTab } from './resultsTab.ts'
import type { Shown, ShownAttempt, ShownRun } from './shownRun.ts'
import { tabTitle } from './tabLook.ts'
import { isPinned } from './tabPin.ts'

/** The view type of the results page, for `onWebviewPanel:` and menus. */
export const resultsViewType = 'ec2-collective.results'

export interface ResultsOptions {
  readonly extensionUri: vscode.Uri
  readonly actions: ResultsActions
}

/** Registers pages and documents. Nothing is loaded before the first one is shown. */
export function createResults(options: ResultsOptions): Results {
  return new Results(options)
}

/** The tabs with results: a run is in one of them at most, and a tab shows one run after the other unless it is pinned. */
export class Results implements vscode.Disposable {
  readonly documents: OutputDocuments
  readonly #options: ResultsOptions
  /** The one that was used last is the last. */
  #tabs: ResultsTab[] = []
  readonly #disposables: vscode.Disposable[]

  constructor(options: ResultsOptions) {
    this.#options = options
    this.documents = new OutputDocuments((runId) => this.#run(runId))
    this.#disposables = [
      this.documents,
      vscode.window.registerWebviewPanelSerializer(resultsViewType, {
        deserializeWebviewPanel: (panel, state) => this.#restore(panel, state),
      }),
    ]
  }

  /** Shows a run, in its existing tab if there is one. */
  async show(shown: Shown): Promise<void> {
    const open = this.#tabOf(shown.run.state.runId)
    if (open !== undefined) {
      open.panel.reveal()
      // Another window had it, and this one has it now.
      if (open.shown?.elsewhere !== undefined && shown.elsewhere === undefined) await open.showRun(shown)
      return
    }
    const tab = this.#tabFor(tabTitle(shown.run.state.environment, shown.run.state.request, undefined))
    try {
      await tab.showRun(shown)
    } catch (error) {
      // An empty page would look like a run without replies; the run itself continues, and is in the history.
      tab.panel.dispose()
      this.#options.actions.onFailure(error)
    }
  }

  /** Shows a run on its way, from the moment when the user has nothing left to confirm. */
  async showAttempt(attempt: ShownAttempt): Promise<void> {
    await attempt.confirmed
    const tab = this.#tabFor(tabTitle(attempt.environment.name, attempt.request, undefined))
    try {
      await tab.showAttempt(attempt)
    } catch (error) {
      tab.panel.dispose()
      this.#options.actions.onFailure(error)
    }
  }

  /** The run whose page is in front, for commands. */
  get active(): Shown | undefined {
    return this.#tabs.find(({ panel }) => panel.active)?.shown
  }

  /** Whether the user sees the page of this run: it is visible, in a window that has the focus. */
  isSeen(runId: string): boolean {
    return vscode.window.state.focused && this.#tabOf(runId)?.panel.visible === true
  }

  /**
   * Carries out a request as if the page of the run had made it, for the menus on it.
   * @returns whether there is such a page
   */
  request(runId: string, request: FromPage): boolean {
    return this.#tabOf(runId)?.request(request) ?? false
  }

  /** The panels stay: they are restored after the reload. */
  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose()
  }

  #tabOf(runId: string): ResultsTab | undefined {
    return this.#tabs.find(({ shown }) => shown?.run.state.runId === runId)
  }

  /** The tab for something new: the one that was used last, unless the user wants to keep it. It is brought to the front. */
  #tabFor(title: string): ResultsTab {
    const reused = readSetting('results.reuseTab')
      ? this.#tabs.findLast(({ panel, isSending }) => !isSending && !isPinned(panel, resultsViewType))
      : undefined
    if (reused !== undefined) {
      this.#tabs = [...this.#tabs.filter((tab) => tab !== reused), reused]
      reused.panel.reveal()
      return reused
    }
    const options = { retainContextWhenHidden: true }
    return this.#take(vscode.window.createWebviewPanel(resultsViewType, title, this.#column(), options))
  }

  #take(panel: vscode.WebviewPanel): ResultsTab {
    const { extensionUri, actions } = this.#options
    const tab = new ResultsTab({ panel, extensionUri, documents: this.documents, actions })
    this.#tabs.push(tab)
    panel.onDidDispose(() => {
      this.#tabs = this.#tabs.filter((each) => each !== tab)
    })
    return tab
  }

  /** Where earlier results are, or where the user wants them. */
  #column(): vscode.ViewColumn {
    const latest = this.#tabs.at(-1)?.panel.viewColumn
    if (latest !== undefined) return latest
    return readSetting('results.openBeside') && vscode.window.activeTextEditor !== undefined
      ? vscode.ViewColumn.Beside
      : vscode.ViewColumn.Active
  }

  async #restore(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const runId = parsePageState(state)?.runId
    // The window was reloaded before the page could save which run it shows.
    if (runId === undefined) {
      this.#take(panel).explain(vscode.l10n.t("This page's run is unknown. Open it from History."))
      return
    }
    let isClosed = false
    panel.onDidDispose(() => {
      isClosed = true
    })
    let tab: ResultsTab | undefined
    try {
      const shown = await this.#options.actions.find(runId, true)
      if (isClosed) return
      const open = this.#tabOf(runId)
      if (open !== undefined) {
        // Opened from the history meanwhile: one page per run.
        panel.dispose()
        open.panel.reveal(undefined, true)
        return
      }
      tab = this.#take(panel)
      if (shown !== undefined) await tab.showRun(shown)
      else tab.explain(vscode.l10n.t('This run is no longer in the history.'))
    } catch (error) {
      this.#options.actions.onWarning(error)
      if (isClosed) return
      // This panel has no page of the run: another one may be shown.
      tab ??= this.#take(panel)
      tab.explain(vscode.l10n.t('This run cannot be read: {0}', messageOf(error)))
    }
  }

  async #run(runId: string): Promise<ShownRun | undefined> {
    return (this.#tabOf(runId)?.shown ?? (await this.#options.actions.find(runId)))?.run
  }
}
