import * as vscode from 'vscode'
import type { DocumentAction, ReadOnlyDocuments } from '../documents/readOnlyDocuments.ts'
import type { OutputDocuments } from '../results/outputDocuments.ts'
import type { ShownRun } from '../results/shownRun.ts'
import type { RunHistory } from '../send/runHistory.ts'
import { runBefore } from './runBefore.ts'
import type { ShownRuns } from './shownRuns.ts'

/** The most lines of a comparison that have a button: they are for people, who do not press thousands. */
const maxButtons = 500

/** Compares runs with the runs before them, agent by agent. */
export class ComparisonWithBefore {
  readonly #history: RunHistory
  readonly #shownRuns: ShownRuns
  readonly #documents: ReadOnlyDocuments
  readonly #outputs: OutputDocuments

  constructor(
    history: RunHistory,
    shownRuns: ShownRuns,
    documents: ReadOnlyDocuments,
    outputs: OutputDocuments,
  ) {
    this.#history = history
    this.#shownRuns = shownRuns
    this.#documents = documents
    this.#outputs = outputs
  }

  /** Shows the comparison as a document, from which the outputs of each agent open in the editor's diff. */
  async show(now: ShownRun): Promise<void> {
    const then = await this.#before(now)
    // Tables and values are loaded for the first comparison, not at activation.
    const [{ compareReplies }, { printComparison }] = await Promise.all([
      import('../../report/runComparison.ts'),
      import('../../report/comparisonText.ts'),
    ])
    const comparison = await compareReplies(then, now)
    const { text, differing } = printComparison(comparison, then.state, now.state, vscode.l10n.t)
    const actions = differing.slice(0, maxButtons).map(
      ({ line, agentId }): DocumentAction => ({
        line,
        title: vscode.l10n.t('Compare outputs'),
        command: 'ec2-collective.compareReplies',
        arguments: [then.state.runId, now.state.runId, agentId],
      }),
    )
    const title = vscode.l10n.t('Then and Now')
    await this.#documents.show(
      `comparisons/${then.state.runId}/${now.state.runId}/${title}.txt`,
      text,
      actions,
    )
  }

  /** @throws Error when one of them is no longer kept, or the agent is in only one of them */
  async showReplies(thenId: unknown, nowId: unknown, agentId: unknown): Promise<void> {
    const [then, now] = await Promise.all([this.#kept(thenId), this.#kept(nowId)])
    const [before, after] = [then, now].map(({ state }) => state.replies.get(String(agentId)))
    if (before === undefined || after === undefined) {
      throw new Error(vscode.l10n.t('This agent is not in both runs.'))
    }
    const titleAt = ({ state }: ShownRun) =>
      `${after.hostname} ${new Date(state.startedAt).toLocaleTimeString()}`
    await this.#outputs.compare(
      { run: then, agentId: before.agentId, title: titleAt(then) },
      { run: now, agentId: after.agentId, title: titleAt(now) },
    )
  }

  /** One agent's output now and in the run before. */
  async showReply(now: ShownRun, agentId: string): Promise<void> {
    const then = await this.#before(now)
    await this.showReplies(then.state.runId, now.state.runId, agentId)
  }

  async #before({ state: { runId } }: ShownRun): Promise<ShownRun> {
    const found = runBefore(
      await this.#history.list(),
      runId,
      (id) => this.#history.originOf(id),
      (id) => this.#history.environmentKeyOf(id),
    )
    if (found === undefined) {
      throw new Error(vscode.l10n.t('No earlier run of this command is in the history to compare with.'))
    }
    return this.#kept(found.runId)
  }

  async #kept(runId: unknown): Promise<ShownRun> {
    const shown = typeof runId === 'string' ? await this.#shownRuns.find(runId) : undefined
    if (shown === undefined) throw new Error(vscode.l10n.t('This run is no longer in the history.'))
    return shown.run
  }
}
