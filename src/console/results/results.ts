import * as vscode from 'vscode'
import { parsePageState } from '../../page/fromPage.ts'
import type { ToPage } from '../../page/toPage.ts'
import { actionName } from '../../run/actionText.ts'
import { oneLine } from '../../text/oneLine.ts'
import { messageOf } from '../text/messageOf.ts'
import type { NextSteps } from './nextSteps.ts'
import { OutputDocuments } from './outputDocuments.ts'
import type { Shown, ShownRun } from './shownRun.ts'

/** The view type of the results page, for `onWebviewPanel:` and menus. */
export const resultsViewType = 'ec2-collective.results'

/** What the pages need from the rest of the console. */
export interface ResultsActions {
  /** The run of a page that was restored after a reload, or of an output document; undefined if it is not in the history. */
  find(runId: string): Promise<Shown | undefined>
  /**
   * Repeats a run: on these agents, or on all agents that match its filter now when `targets` is undefined. It comes from a
   * page, so the host confirms it in every environment.
   */
  runAgain(shown: Shown, targets: readonly string[] | undefined): Promise<unknown>
  /**
   * Continues the paused rollout of a run. It comes from a page, so the host confirms it in every environment.
   */
  continueRun(shown: Shown): Promise<unknown>
  readonly next: NextSteps
  /** Asks for a fact of the agents of the run, dotted; undefined when the user cancelled. */
  pickFact(shown: Shown): Promise<string | undefined>
  /** Something that the user asked for failed: show it. */
  onFailure(error: unknown): void
  /** Something failed that no one waits for: log it. */
  onWarning(error: unknown): void
}

export interface ResultsOptions {
  readonly extensionUri: vscode.Uri
  readonly actions: ResultsActions
}

/** Registers pages and documents. Nothing is loaded before the first one is shown. */
export function createResults(options: ResultsOptions): Results {
  return new Results(options)
}

/** The results pages, one per run. */
export class Results implements vscode.Disposable {
  readonly documents: OutputDocuments
  readonly #options: ResultsOptions
  readonly #pages = new Map<string, { readonly panel: vscode.WebviewPanel; readonly shown: Shown }>()
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

  /** Shows a run, in its existing page if there is one. */
  async show(shown: Shown): Promise<void> {
    const { runId } = shown.run.state
    const open = this.#pages.get(runId)
    if (open !== undefined) {
      open.panel.reveal()
      return
    }
    const panel = vscode.window.createWebviewPanel(resultsViewType, title(shown), this.#column())
    try {
      await this.#open(panel, shown)
    } catch (error) {
      // An empty page would look like a run without replies; the run itself continues, and is in the history.
      panel.dispose()
      this.#options.actions.onFailure(error)
    }
  }

  /** The run whose page is in front, for commands. */
  get active(): Shown | undefined {
    return [...this.#pages.values()].find(({ panel }) => panel.active)?.shown
  }

  /** The panels stay: they are restored after the reload. */
  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose()
  }

  /** Beside the active editor, or where earlier results are shown. */
  #column(): vscode.ViewColumn {
    const latest = [...this.#pages.values()].at(-1)?.panel.viewColumn
    if (latest !== undefined) return latest
    return vscode.window.activeTextEditor === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside
  }

  async #open(panel: vscode.WebviewPanel, shown: Shown): Promise<void> {
    const { extensionUri, actions } = this.#options
    const { runId } = shown.run.state
    panel.title = title(shown)
    panel.iconPath = {
      light: vscode.Uri.joinPath(extensionUri, 'media/results-light.svg'),
      dark: vscode.Uri.joinPath(extensionUri, 'media/results-dark.svg'),
    }
    this.#pages.set(runId, { panel, shown })
    const isOpen = () => this.#pages.get(runId)?.panel === panel
    panel.onDidDispose(() => {
      if (isOpen()) this.#pages.delete(runId)
    })
    // The code of a page, above all its search, is loaded with the first page, not at activation.
    const { ResultsPage } = await import('./resultsPage.ts')
    // Closed meanwhile, and perhaps shown again in another panel.
    if (!isOpen()) return
    new ResultsPage({ extensionUri, panel, shown, documents: this.documents, ...bound(actions) })
  }

  async #restore(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const runId = parsePageState(state)?.runId
    // The window was reloaded before the page could save which run it shows.
    if (runId === undefined)
      return this.#say(panel, vscode.l10n.t("This page's run is unknown. Open it from History."))
    let isClosed = false
    panel.onDidDispose(() => {
      isClosed = true
    })
    try {
      const shown = await this.#options.actions.find(runId)
      if (isClosed) return
      const open = this.#pages.get(runId)
      if (open !== undefined) {
        // Opened from the history meanwhile: one page per run.
        panel.dispose()
        open.panel.reveal(undefined, true)
        return
      }
      if (shown !== undefined) return await this.#open(panel, shown)
      await this.#say(panel, vscode.l10n.t('This run is no longer in the history.'))
    } catch (error) {
      this.#options.actions.onWarning(error)
      if (isClosed) return
      // This panel has no page of the run: another one may be shown.
      if (this.#pages.get(runId)?.panel === panel) this.#pages.delete(runId)
      await this.#say(panel, vscode.l10n.t('This run cannot be read: {0}', messageOf(error)))
    }
  }

  async #say(panel: vscode.WebviewPanel, reason: string): Promise<void> {
    let isClosed = false
    panel.onDidDispose(() => {
      isClosed = true
    })
    const { setUpPanel } = await import('./resultsPage.ts')
    if (isClosed) return
    const message: ToPage = { type: 'not-kept', reason }
    panel.webview.onDidReceiveMessage(() => void panel.webview.postMessage(message))
    setUpPanel(panel, this.#options.extensionUri)
  }

  async #run(runId: string): Promise<ShownRun | undefined> {
    return (this.#pages.get(runId)?.shown ?? (await this.#options.actions.find(runId)))?.run
  }
}

function bound(actions: ResultsActions): Omit<ResultsActions, 'find'> {
  return {
    runAgain: (shown, targets) => actions.runAgain(shown, targets),
    continueRun: (shown) => actions.continueRun(shown),
    next: actions.next,
    pickFact: (shown) => actions.pickFact(shown),
    onFailure: (error) => actions.onFailure(error),
    onWarning: (error) => actions.onWarning(error),
  }
}

/** The title of the tab: the command and its environment. */
function title({ run }: Shown): string {
  const { request, environment } = run.state
  return `${environment}: ${oneLine(actionName(request.action), 24)}`
}
