import type { AnswersView } from '../../answers/view.ts'
import type { FromPage } from '../../page/fromPage.ts'
import type { Shown } from './shownRun.ts'

/** What a person does next with a run, from its page. A page only asks: each of these is carried out by the host. */
export interface NextSteps {
  /** Another command on exactly these agents: asked for, shown and confirmed in the editor's boxes. */
  runOther(shown: Shown, targets: readonly string[]): Promise<unknown>
  /** Shows what has changed since the run before: of all agents, or the output of one. */
  compareBefore(shown: Shown, agentId: string | undefined): Promise<unknown>
  /** Asks for a name, and adds the command to the snippets of the workspace. */
  saveSnippet(shown: Shown): Promise<unknown>
  /** Writes how the page shows the answers into the snippet of this command. */
  saveView(shown: Shown, view: AnswersView): Promise<unknown>
  /** Opens a terminal with a shell on the server of an agent. */
  logIn(shown: Shown, agentId: string, by: 'ssm' | 'ssh'): Promise<unknown>
  /** Shows the runs of this environment in which the agent took part. */
  runsOf(shown: Shown, agentId: string): Promise<unknown>
  /** Copies a link that shows the run in this editor. */
  copyLink(shown: Shown): Promise<unknown>
  /** Asks one agent for a sign of life, once that is confirmed. */
  ping(shown: Shown, agentId: string): Promise<unknown>
  /** Examines the environment of the run. */
  doctor(shown: Shown): Promise<unknown>
  /** Shows the log of the extension. */
  showLog(): Promise<unknown>
}

/** Requests that lead to a next step without asking the session of the page. */
export async function takeNextStep(steps: NextSteps, shown: Shown, request: FromPage): Promise<void> {
  switch (request.type) {
    case 'compare-before':
      await steps.compareBefore(shown, request.agent)
      break
    case 'save-snippet':
      await steps.saveSnippet(shown)
      break
    case 'save-view':
      await steps.saveView(shown, request.view)
      break
    case 'log-in':
      await steps.logIn(shown, request.agent, request.by)
      break
    case 'runs-of':
      await steps.runsOf(shown, request.agent)
      break
    case 'copy-link':
      await steps.copyLink(shown)
      break
    case 'ping':
      if (shown.run.state.replies.has(request.agent)) await steps.ping(shown, request.agent)
      break
    case 'doctor':
      await steps.doctor(shown)
      break
    case 'show-log':
      await steps.showLog()
  }
}
