import type { NextSteps } from './nextSteps.ts'
import type { Shown } from './shownRun.ts'

/** What the pages need from the rest of the console. */
export interface ResultsActions {
  /** The run of a page that was restored after a reload, or of an output document; undefined if it is not in the history. */
  find(runId: string, afterReload?: boolean): Promise<Shown | undefined>
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
