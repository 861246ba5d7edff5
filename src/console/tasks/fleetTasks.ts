import * as vscode from 'vscode'
import type { Sending } from '../send/sending.ts'
import type { Snippets } from '../send/snippets.ts'
import type { Trouble } from '../trouble.ts'
import { tellOfClosedTerminal } from './closedTerminal.ts'
import { RunTerminal } from './runTerminal.ts'

export const taskType = 'ec2-collective'

/** Tasks of type `ec2-collective`: a run in `tasks.json`, with the exit code of the run. Every snippet is also a task. */
export class FleetTasks implements vscode.TaskProvider {
  readonly #sending: Sending
  readonly #snippets: Snippets
  readonly #trouble: Trouble

  constructor(sending: Sending, snippets: Snippets, trouble: Trouble) {
    this.#sending = sending
    this.#snippets = snippets
    this.#trouble = trouble
  }

  async provideTasks(): Promise<vscode.Task[]> {
    const snippets = await this.#snippets.all()
    return snippets.map((snippet) => {
      const scope = vscode.workspace.getWorkspaceFolder(snippet.uri) ?? vscode.TaskScope.Workspace
      return this.#task({ type: taskType, snippet: snippet.name }, scope, snippet.name)
    })
  }

  resolveTask(task: vscode.Task): vscode.Task {
    const scope = task.scope ?? vscode.TaskScope.Workspace
    // VS Code requires the same definition object that it passed.
    return this.#task(task.definition, scope, task.name)
  }

  #task(
    definition: vscode.TaskDefinition,
    scope: vscode.WorkspaceFolder | vscode.TaskScope.Global | vscode.TaskScope.Workspace,
    name: string,
  ): vscode.Task {
    const files = scope === vscode.TaskScope.Global ? 'anywhere' : 'workspace'
    const execution = new vscode.CustomExecution(async (resolved) => {
      const { type: _, exitCode, ...args } = resolved
      return new RunTerminal(
        (signal) => this.#sending.withArguments(args, name, 'task', signal, files),
        exitCode === 'last-non-zero' ? exitCode : 'strict',
        (outcome) => void tellOfClosedTerminal(outcome, this.#trouble),
      )
    })
    return new vscode.Task(definition, scope, name, 'EC2 Collective', execution)
  }
}
