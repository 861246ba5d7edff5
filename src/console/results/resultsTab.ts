import * as vscode from 'vscode'
import { type FromPage, parseFromPage } from '../../page/fromPage.ts'
import type { ToPage } from '../../page/toPage.ts'
import { actionName } from '../../run/actionText.ts'
import type { RunOutcome } from '../../run/runOutcome.ts'
import { oneLine } from '../../text/oneLine.ts'
import { visibleLine } from '../../text/visibleText.ts'
import { AttemptPage, attemptStatus } from './attemptPage.ts'
import type { OutputDocuments } from './outputDocuments.ts'
import type { FirstPaint } from './pageHtml.ts'
import type { ResultsActions } from './resultsActions.ts'
import { setUpPanel } from './setUpPanel.ts'
import type { Shown, ShownAttempt } from './shownRun.ts'
import { tabIcon, tabLook, tabTitle } from './tabLook.ts'

export interface ResultsTabOptions {
  readonly panel: vscode.WebviewPanel
  readonly extensionUri: vscode.Uri
  readonly documents: OutputDocuments
  readonly actions: ResultsActions
}

/** What a page of any kind does with a request, and at its end. */
interface Page {
  receive(request: FromPage): void
  dispose(): void
}

/** What the tab shows. */
type Content =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'run'; readonly shown: Shown }
  /** `before`: what it showed before, to which it returns if nothing is sent. */
  | { readonly kind: 'attempt'; readonly before: Shown | undefined; readonly isOver: boolean }

/** A tab with results: of a run, of one that is not sent yet, or a sentence that says why there is neither. */
export class ResultsTab {
  readonly panel: vscode.WebviewPanel
  readonly #options: ResultsTabOptions
  #content: Content = { kind: 'nothing' }
  #page: Page | undefined
  /** Whether the document in the panel has asked for something to show: messages of earlier documents are dropped. */
  #isReady = false
  #isClosed = false
  #look: RunOutcome | undefined
  #unfollow: () => void = () => {}

  constructor(options: ResultsTabOptions) {
    const { panel } = options
    this.#options = options
    this.panel = panel
    panel.webview.onDidReceiveMessage((json: unknown) => this.#receive(json))
    panel.onDidDispose(() => {
      this.#isClosed = true
      this.#leave()
    })
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** The run that it shows. */
  get shown(): Shown | undefined {
    return this.#content.kind === 'run' ? this.#content.shown : undefined
  }

  /** Whether something is being sent, of which this tab shows how it ends. */
  get isSending(): boolean {
    return this.#content.kind === 'attempt' && !this.#content.isOver
  }

  /** @throws Error when the page cannot be made */
  async showRun(shown: Shown): Promise<void> {
    const { request, startedAt } = shown.run.state
    // The page of an attempt goes on as that of its run, and so does one of a run that this window now has.
    const isSame = this.#content.kind === 'attempt' || this.shown?.run.state.runId === shown.run.state.runId
    const goesOn = isSame && this.#isReady
    this.#leave()
    const content: Content = { kind: 'run', shown }
    this.#content = content
    const { run } = shown
    this.panel.title = tabTitle(run.state.environment, request, startedAt)
    this.#showLook(tabLook(run.state), true)
    this.#unfollow = run.onChange(() => this.#showLook(tabLook(run.state)))
    if (!goesOn) this.#load({ heading: headingOf(request.action), status: '' })
    // The code of a page, above all its search, is loaded with the first page, not at activation.
    const { ResultsPage } = await import('./resultsPage.ts')
    if (this.#content !== content || this.#isClosed || this.#page !== undefined) return
    const { panel, documents, actions } = this.#options
    this.#page = new ResultsPage({ panel, shown, documents, ...actions })
    if (this.#isReady) this.#page.receive({ type: 'ready' })
    void shown.elsewhere?.left.then(() => this.#takeOver(content)).catch(actions.onWarning)
  }

  /** Shows an attempt, then its run; if nothing is sent, what was there before, or nothing: the tab is closed. */
  async showAttempt(attempt: ShownAttempt): Promise<void> {
    const before = this.shown
    const { environment, request } = attempt
    this.#leave()
    const content: Content = { kind: 'attempt', before, isOver: false }
    this.#content = content
    this.panel.title = tabTitle(environment.name, request, undefined)
    this.#showLook('running', true)
    const page = new AttemptPage({
      attempt,
      post: (message) => this.#post(message),
      onFailure: this.#options.actions.onFailure,
    })
    this.#page = page
    // The document that is there stays visible until the new one has loaded.
    if (this.#isReady) page.receive({ type: 'ready' })
    this.#load({ heading: headingOf(request.action), status: attemptStatus(attempt) })
    // Loaded meanwhile, so that the run need not wait for it.
    void import('./resultsPage.ts')
    const end = await attempt.end
    if (this.#content !== content || this.#isClosed) return
    switch (end.kind) {
      case 'run':
        return this.showRun(end.shown)
      case 'failed':
        this.#content = { kind: 'attempt', before: undefined, isOver: true }
        this.#showLook('bad')
        page.fail(end)
        return
      case 'nothing':
        vscode.window.setStatusBarMessage(vscode.l10n.t('Nothing was sent.'), 5000)
        if (before !== undefined) return this.showRun(before)
        this.panel.dispose()
    }
  }

  /** Carries out a request as if the page had made it. @returns whether there is a page */
  request(request: FromPage): boolean {
    if (this.#page === undefined) return false
    this.#page.receive(request)
    return true
  }

  /** Says why there is nothing to show. */
  explain(reason: string): void {
    this.#leave()
    this.#showLook(undefined, true)
    const post = () => this.#post({ type: 'not-kept', reason })
    this.#page = { receive: post, dispose: () => {} }
    this.#load({ heading: '', status: reason })
  }

  /** No window has the run that it shows: this one goes on with it. */
  async #takeOver(content: Extract<Content, { kind: 'run' }>): Promise<void> {
    const isShown = () => this.#content === content && !this.#isClosed
    const found = isShown() ? await this.#options.actions.find(content.shown.run.state.runId) : undefined
    if (found !== undefined && isShown()) await this.showRun(found)
  }

  #receive(json: unknown): void {
    const request = parseFromPage(json)
    if (request === undefined) {
      this.#options.actions.onWarning(
        new Error('The results page sent something that is not a request; it was dropped.'),
      )
      return
    }
    if (request.type === 'ready') this.#isReady = true
    // Of a document that is being replaced only this counts: it has been told of the attempt.
    const isStop = request.type === 'cancel' && this.isSending
    if (this.#isReady || isStop) this.#page?.receive(request)
  }

  /** Ends what it shows. */
  #leave(): void {
    this.#unfollow()
    this.#unfollow = () => {}
    this.#page?.dispose()
    this.#page = undefined
    this.#content = { kind: 'nothing' }
  }

  #load(first: FirstPaint): void {
    this.#isReady = false
    setUpPanel(this.panel, this.#options.extensionUri, first)
  }

  #post(message: ToPage): void {
    if (this.#isClosed) return
    void this.panel.webview.postMessage(message).then(undefined, this.#options.actions.onWarning)
  }

  #showLook(look: RunOutcome | undefined, always = false): void {
    if ((look === this.#look && !always) || this.#isClosed) return
    this.#look = look
    this.panel.iconPath = tabIcon(this.#options.extensionUri, look)
  }
}

function headingOf(action: Parameters<typeof actionName>[0]): string {
  return oneLine(visibleLine(actionName(action)), 200)
}
