import * as vscode from 'vscode'
import { findEnvironment } from '../../declarations/declaredEnvironment.ts'
import { parseWorkspaceFile, type WorkspaceFile } from '../../declarations/workspaceFile.ts'
import type { Span } from '../../declarations/yamlTree.ts'
import { closestWord } from '../../text/closestWord.ts'
import type { EnvironmentList } from '../declarations/environmentList.ts'
import { workspaceFileSelector } from '../declarations/workspaceFiles.ts'
import { translated } from '../text/messageOf.ts'

/** Marks problems in workspace files, with line and column, and offers what was probably meant. */
export class FileDiagnostics implements vscode.CodeActionProvider, vscode.Disposable {
  readonly #list: EnvironmentList
  readonly #diagnostics = vscode.languages.createDiagnosticCollection('ec2-collective')
  readonly #disposables: vscode.Disposable[]
  /** Its latest check counts: an earlier one may still wait for environments that were declared before. */
  readonly #latest = new WeakMap<vscode.TextDocument, symbol>()
  #isDisposed = false

  constructor(list: EnvironmentList) {
    this.#list = list
    const check = (document: vscode.TextDocument) => void this.#check(document)
    const checkAll = () => vscode.workspace.textDocuments.forEach(check)
    this.#disposables = [
      this.#diagnostics,
      vscode.languages.registerCodeActionsProvider(workspaceFileSelector, this, {
        providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
      }),
      vscode.workspace.onDidOpenTextDocument(check),
      vscode.workspace.onDidChangeTextDocument(({ document }) => check(document)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#diagnostics.delete(uri)),
      list.onDidChange(checkAll),
    ]
    checkAll()
  }

  async provideCodeActions(document: vscode.TextDocument, range: vscode.Range): Promise<vscode.CodeAction[]> {
    const file = parseWorkspaceFile(document.getText())
    const found = [...file.problems, ...(await this.#unknownEnvironments(file))]
    return found.flatMap(({ at, meant }) => {
      const place = rangeOf(document, at)
      if (meant === undefined || place.intersection(range) === undefined) return []
      const action = new vscode.CodeAction(
        vscode.l10n.t('Change to “{0}”', meant),
        vscode.CodeActionKind.QuickFix,
      )
      action.edit = new vscode.WorkspaceEdit()
      action.edit.replace(document.uri, place, meant)
      return [action]
    })
  }

  dispose(): void {
    this.#isDisposed = true
    for (const disposable of this.#disposables) disposable.dispose()
  }

  async #check(document: vscode.TextDocument): Promise<void> {
    if (vscode.languages.match(workspaceFileSelector, document) === 0) return
    const file = parseWorkspaceFile(document.getText())
    const { Error: Wrong, Warning } = vscode.DiagnosticSeverity
    const wrong = file.problems.map(({ message, at }) => diagnostic(document, at, translated(message), Wrong))
    this.#diagnostics.set(document.uri, wrong)
    const check = Symbol('a check')
    this.#latest.set(document, check)
    // If they cannot be read, the view says so.
    const unknown = await this.#unknownEnvironments(file).catch(() => [])
    if (this.#isDisposed || document.isClosed || this.#latest.get(document) !== check) return
    const warnings = unknown.map(({ message, at }) => diagnostic(document, at, message, Warning))
    this.#diagnostics.set(document.uri, [...wrong, ...warnings])
  }

  /** Only a warning: the environment may be declared in the settings of another user. */
  async #unknownEnvironments({ wanted }: WorkspaceFile): Promise<Problem[]> {
    const environments = await this.#list.all()
    return wanted.flatMap(({ environment: name, at }) => {
      if (findEnvironment(environments, name, vscode.l10n.t).kind !== 'none') return []
      const meant = closestWord(
        name,
        environments.map(({ environment }) => environment.name),
      )
      const message = vscode.l10n.t('There is no environment “{0}” in the settings or the workspace.', name)
      return [{ at, message, ...(meant !== undefined && { meant }) }]
    })
  }
}

interface Problem {
  readonly at: Span
  readonly message: string
  readonly meant?: string
}

function diagnostic(
  document: vscode.TextDocument,
  at: Span,
  message: string,
  severity: vscode.DiagnosticSeverity,
): vscode.Diagnostic {
  const made = new vscode.Diagnostic(rangeOf(document, at), message, severity)
  made.source = 'EC2 Collective'
  return made
}

function rangeOf(document: vscode.TextDocument, { start, end }: Span): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end))
}
