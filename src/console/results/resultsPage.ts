import * as vscode from 'vscode'
import { foldHosts } from '../../hosts/hostFolding.ts'
import type { FromPage, Subset } from '../../page/fromPage.ts'
import type { ToPage } from '../../page/toPage.ts'
import { runMarkdown } from '../../report/runMarkdown.ts'
import { plainOutput } from '../../report/runTables.ts'
import { tableText } from '../../report/tableText.ts'
import { actionText } from '../../run/actionText.ts'
import { plainText } from '../text/plainText.ts'
import { askSource } from './askSource.ts'
import { type NextSteps, takeNextStep } from './nextSteps.ts'
import type { OutputDocuments } from './outputDocuments.ts'
import { systemClock } from './pageClock.ts'
import { PageSession } from './pageSession.ts'
import { saveExport } from './saveExport.ts'
import type { Shown } from './shownRun.ts'
import { subsetOf } from './subset.ts'

/** The most characters that are copied to the clipboard; for more, use a file. */
const maxClipboardCharacters = 20_000_000

export interface ResultsPageOptions {
  readonly panel: vscode.WebviewPanel
  readonly shown: Shown
  readonly documents: OutputDocuments
  /** Repeats the run on these agents, or on all agents that match now. The host confirms it. */
  runAgain(shown: Shown, targets: readonly string[] | undefined): Promise<unknown>
  /** What a person does next with the run. */
  readonly next: NextSteps
  /** Continues the paused rollout. The host confirms it. */
  continueRun(shown: Shown): Promise<unknown>
  /** Asks for a fact of the agents of the run, dotted; undefined when the user cancelled. */
  pickFact(shown: Shown): Promise<string | undefined>
  /** Something that the user asked for failed. */
  onFailure(error: unknown): void
  /** Something failed that no one waits for. */
  onWarning(error: unknown): void
}

/** The page of a run in its panel: executes what the page requests. */
export class ResultsPage {
  readonly panel: vscode.WebviewPanel
  readonly shown: Shown
  readonly #options: ResultsPageOptions
  readonly #session: PageSession
  readonly #watching: vscode.Disposable
  #isDisposed = false

  constructor(options: ResultsPageOptions) {
    const { panel, shown, onWarning } = options
    this.#options = options
    this.panel = panel
    this.shown = shown
    this.#session = new PageSession({
      run: shown.run,
      environment: shown.environment,
      live: shown.steering !== undefined,
      elsewhere: shown.elsewhere !== undefined,
      sighting: shown.sighting,
      clock: systemClock,
      t: vscode.l10n.t,
      factsOf: (agentId) => shown.factsOf?.(agentId),
      post: (message) => this.#post(message),
      onWarning,
    })
    // Kept while it is hidden, a page may still have missed something then.
    this.#watching = panel.onDidChangeViewState(() => {
      if (panel.visible) this.#session.catchUp()
    })
  }

  receive(request: FromPage): void {
    this.#session.receive(request)
    this.#carryOut(request).catch((error) => this.#options.onFailure(error))
  }

  dispose(): void {
    this.#isDisposed = true
    this.#watching.dispose()
    this.#session.dispose()
  }

  async #carryOut(request: FromPage): Promise<void> {
    const { steering } = this.shown
    switch (request.type) {
      case 'cancel':
        return steering?.cancel()
      case 'pause':
        return steering?.pause()
      case 'resume':
        if (steering !== undefined) await this.#options.continueRun(this.shown)
        return
      case 'stop':
        return steering?.stopRollout()
      case 'run-again':
        return this.#runAgain(request.on)
      case 'run-other':
        await this.#options.next.runOther(this.shown, this.#agentsOf(request.on))
        return
      case 'show-only':
        this.#post({ type: 'show-only', agents: this.#agentsOf(request.on) })
        return
      case 'open-output': {
        const agentId = this.#session.agentOf(request.of)
        if (agentId !== undefined) await this.#options.documents.open(this.shown.run, agentId)
        return
      }
      case 'diff':
        return this.#compare(request)
      case 'copy-output':
        return this.#copyOutput(request)
      case 'copy-lines': {
        const text = await this.#session.textOf(request)
        if (text !== undefined) await this.#copyText(text)
        return
      }
      case 'copy-hosts':
        return this.#copyHosts(request)
      case 'copy-table':
        return this.#copy(tableText(this.#session.tableRows(), request.format))
      case 'pick':
        return this.#pick(request)
      case 'open-link':
        // The editor asks first, unless the person trusts that host. It takes texts, which its types do not say: a `Uri` is
        // decoded on the way, and may lead elsewhere than what the page shows.
        await vscode.env.openExternal(request.url as unknown as vscode.Uri)
        return
      case 'copy-markdown':
        return this.#copy(await runMarkdown(this.shown.run))
      case 'copy-command':
        return this.#copy(actionText(this.shown.run.state.request.action))
      case 'export': {
        const saved = await saveExport(this.shown.run, request.format, this.#session.tableColumns())
        if (saved !== undefined) await offerToOpen(saved)
        return
      }
      default:
        await takeNextStep(this.#options.next, this.shown, request)
    }
  }

  #post(message: ToPage): void {
    // The tab may show another run by now.
    if (this.#isDisposed) return
    this.panel.webview.postMessage(message).then(undefined, this.#options.onWarning)
  }

  async #pick({ what, use }: Extract<FromPage, { type: 'pick' }>): Promise<void> {
    const given = what === 'fact' ? await this.#options.pickFact(this.shown) : await askSource(what)
    if (given !== undefined && given !== '') this.#post({ type: 'picked', use, text: `${what}:${given}` })
  }

  async #runAgain(subset: Subset): Promise<void> {
    const targets = subset.kind === 'all' ? undefined : this.#agentsOf(subset)
    await this.#options.runAgain(this.shown, targets)
  }

  /** @throws Error when there are none, as a run on nobody is a mistake */
  #agentsOf(subset: Subset): readonly string[] {
    const { state } = this.shown.run
    const agents = subsetOf(state, subset, {
      group: (number) => this.#session.group(number),
      tableAgents: () => this.#session.tableRows().rows.map(({ agentId }) => agentId),
    })
    if (agents === undefined) return [...state.replies.keys()]
    if (agents.length > 0) return agents
    throw new Error(vscode.l10n.t('Nothing was sent: this run has no such agents.'))
  }

  async #compare({ of, with: other }: Extract<FromPage, { type: 'diff' }>): Promise<void> {
    const agentId = this.#session.agentOf(of)
    const otherId =
      other === undefined ? this.#session.majority()?.representative : this.#session.agentOf(other)
    if (agentId === undefined || otherId === undefined) {
      throw new Error(
        other === undefined
          ? vscode.l10n.t('There is no majority to compare with.')
          : vscode.l10n.t('One of these replies no longer exists.'),
      )
    }
    const { run } = this.shown
    const title = other === undefined ? vscode.l10n.t('the majority') : this.#title(other)
    await this.#options.documents.compare(
      { run, agentId: otherId, title },
      { run, agentId, title: this.#title(of) },
    )
  }

  /** `web07`, or `web07 and 3 more` for a group. */
  #title(of: Extract<FromPage, { type: 'diff' }>['of']): string {
    const agentId = this.#session.agentOf(of)
    const host = this.shown.run.state.replies.get(agentId ?? '')?.hostname ?? ''
    const others = 'group' in of ? (this.#session.group(of.group)?.agentIds.length ?? 1) - 1 : 0
    return others > 0 ? vscode.l10n.t('{0} and {1} more', host, others) : host
  }

  async #copyOutput({ of }: Extract<FromPage, { type: 'copy-output' }>): Promise<void> {
    const agentId = this.#session.agentOf(of)
    if (agentId !== undefined) await this.#copyText(await plainOutput(this.shown.run, agentId))
  }

  /** @throws Error for more than a clipboard takes */
  async #copyText(text: string): Promise<void> {
    if (text.length > maxClipboardCharacters) {
      throw new Error(
        vscode.l10n.t(
          'This output is too large for the clipboard. Open it as a document, or export the run.',
        ),
      )
    }
    await this.#copy(text)
  }

  async #copyHosts({ of, folded }: Extract<FromPage, { type: 'copy-hosts' }>): Promise<void> {
    const { replies } = this.shown.run.state
    const agentIds = 'group' in of ? (this.#session.group(of.group)?.agentIds ?? []) : of.agents
    const hosts = agentIds.flatMap((agentId) => replies.get(agentId)?.hostname ?? [])
    await this.#copy(folded ? foldHosts(hosts) : hosts.map((host) => `${host}\n`).join(''))
  }

  async #copy(text: string): Promise<void> {
    await vscode.env.clipboard.writeText(text)
    vscode.window.setStatusBarMessage(vscode.l10n.t('Copied to the clipboard.'), 2000)
  }
}

async function offerToOpen(file: vscode.Uri): Promise<void> {
  const show = vscode.l10n.t('Open')
  const chosen = await vscode.window.showInformationMessage(
    plainText(vscode.l10n.t('The run was exported to {0}.', vscode.workspace.asRelativePath(file))),
    show,
  )
  if (chosen === show) await vscode.window.showTextDocument(file)
}
