import type * as vscode from 'vscode'
import type { History } from '../../master/store/history.ts'
import type { Runs } from '../send/runs.ts'

/** How often the runs of this window are checked, milliseconds. */
const lookEveryMs = 1_000

export interface CancelRequestsOptions {
  readonly runs: Pick<Runs, 'underWay' | 'onDidChange'>
  readonly history: () => Promise<Pick<History, 'takeCancelRequest'>>
  onWarning(error: unknown): void
}

/** Cancels runs of this window when another window of the same workspace asks for it. */
export class CancelRequests implements vscode.Disposable {
  readonly #options: CancelRequestsOptions
  readonly #listening: vscode.Disposable
  #timer: NodeJS.Timeout | undefined
  #isLooking = false

  constructor(options: CancelRequestsOptions) {
    this.#options = options
    this.#listening = options.runs.onDidChange(() => {
      const isWanted = options.runs.underWay.size > 0
      if (isWanted) this.#timer ??= setInterval(() => void this.look(), lookEveryMs)
      else this.#stop()
    })
  }

  dispose(): void {
    this.#stop()
    this.#listening.dispose()
  }

  async look(): Promise<void> {
    // A slow disk does not pile up looks.
    if (this.#isLooking) return
    this.#isLooking = true
    const { runs, history, onWarning } = this.#options
    try {
      const open = await history()
      for (const { run } of runs.underWay)
        if (await open.takeCancelRequest(run.runId)) run.cancel().catch(onWarning)
    } catch (error) {
      onWarning(error)
    } finally {
      this.#isLooking = false
    }
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
