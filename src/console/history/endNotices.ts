import * as vscode from 'vscode'
import { outcomeOfRun } from '../../run/runOutcome.ts'
import type { RunState } from '../../run/runState.ts'
import { summaryOf } from '../../run/runSummary.ts'
import { readSetting } from '../declarations/settings.ts'
import { Alarm, type Clock } from '../results/pageClock.ts'
import type { Runs, StartedRun } from '../send/runs.ts'
import { plainText } from '../text/plainText.ts'
import { describeCounts, nameOfRun } from './historyRows.ts'

/** A run that took no longer is one that a person waits for, milliseconds. */
const shortMs = 10_000

/** Runs that end within this time have one notification, milliseconds. */
const gatherMs = 500

/** The most runs that a notification names. */
const mostNamed = 3

export interface EndNoticesOptions {
  readonly runs: Pick<Runs, 'underWay' | 'onDidChange'>
  readonly clock: Clock
  /** Whether the user sees the page of this run now. */
  isSeen(runId: string): boolean
  open(runId: string): unknown
}

/** Notifies when long runs of this window end out of sight: one notification for those that end together. */
export class EndNotices implements vscode.Disposable {
  readonly #options: EndNoticesOptions
  readonly #known = new WeakSet<StartedRun>()
  readonly #telling: Alarm
  readonly #listening: vscode.Disposable
  #ended: RunState[] = []
  #isDisposed = false

  constructor(options: EndNoticesOptions) {
    this.#options = options
    this.#telling = new Alarm(options.clock, () => this.#tell())
    this.#listening = options.runs.onDidChange(() => {
      for (const started of options.runs.underWay) this.#watch(started)
    })
  }

  dispose(): void {
    this.#isDisposed = true
    this.#telling.cancel()
    this.#listening.dispose()
  }

  #watch(started: StartedRun): void {
    if (this.#known.has(started)) return
    this.#known.add(started)
    void started.run.ended.then((state) => {
      const tookMs = (state.endedAt ?? state.startedAt) - state.startedAt
      // A task has its terminal, which nobody sees in a window in the background.
      const isSeen =
        started.origin === 'task' ? vscode.window.state.focused : this.#options.isSeen(state.runId)
      if (this.#isDisposed || tookMs <= shortMs || isSeen || !readSetting('results.tellWhenOver')) return
      this.#ended.push(state)
      this.#telling.setIn(gatherMs)
    })
  }

  #tell(): void {
    const ended = this.#ended.filter(({ runId }) => !this.#options.isSeen(runId))
    this.#ended = []
    const [first, ...more] = ended
    if (first === undefined) return
    const { t } = vscode.l10n
    const summaries = ended.map(summaryOf)
    const sentences = summaries
      .slice(0, mostNamed)
      .map((run) => t('{0}: {1}: {2}.', run.environment, nameOfRun(run, t), describeCounts(run, t)))
    const others = ended.length - sentences.length
    const text = [
      ...(more.length === 0 ? [] : [t('{0} runs have ended.', ended.length)]),
      ...sentences,
      ...(others > 0 ? [t('{0} more are in the history.', others)] : []),
    ].join(' ')
    const isGood = summaries.every((run) => outcomeOfRun(run) === 'good')
    const { showInformationMessage, showWarningMessage } = vscode.window
    const button = more.length === 0 ? t('Open') : t('Show History')
    void (isGood ? showInformationMessage : showWarningMessage)(plainText(text), button).then((chosen) => {
      if (chosen === undefined) return undefined
      return more.length === 0
        ? this.#options.open(first.runId)
        : vscode.commands.executeCommand('ec2-collective.history.focus')
    })
  }
}
