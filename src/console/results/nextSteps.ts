import type { Shown } from './shownRun.ts'

/** What a person does next with a run, from its page. A page only asks: each of these is carried out by the host. */
export interface NextSteps {
  /** Another command on exactly these agents: asked for, shown and confirmed in the editor's boxes. */
  runOther(shown: Shown, targets: readonly string[]): Promise<unknown>
}
