import * as vscode from 'vscode'
import { byNature } from '../../hosts/naturalOrder.ts'

/** A workspace file as it stands in the editor or on disk. */
export interface FoundFile {
  /** Name of the workspace folder that it is in. */
  readonly folder: string
  readonly uri: vscode.Uri
  readonly text: string
}

/** Environments and snippets stand in these: the first is the one that our own commands write. */
export const workspaceFilePath = '.vscode/ec2-collective.yaml'
export const workspaceFilePattern = '{.vscode/ec2-collective.yaml,**/*.fleet.yaml}'

/** Which documents are ours: for lenses, completion and diagnostics. */
export const workspaceFileSelector: vscode.DocumentSelector = [
  { pattern: '**/.vscode/ec2-collective.yaml' },
  { pattern: '**/*.fleet.yaml' },
]

/** The workspace files of all folders. Nothing is searched or watched before the first {@link read}. */
export class WorkspaceFiles implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>()
  readonly #disposables: vscode.Disposable[] = [this.#changed]
  #isWatching = false
  /** Fires when a workspace file appeared, changed on disk, or went. */
  readonly onDidChange = this.#changed.event

  /** All of them, in the order of the folders and of their paths. Files that cannot be read are left out. */
  async read(): Promise<FoundFile[]> {
    this.#watch()
    const found = await Promise.all((vscode.workspace.workspaceFolders ?? []).map(readFolder))
    return found.flat()
  }

  /**
   * Writes a file, and says so at once: a watcher may miss what appears together with its folder.
   * @param change gets what it held before, empty when it was not there
   * @returns what it holds now
   */
  async edit(uri: vscode.Uri, change: (text: string) => string): Promise<string> {
    const text = change((await readText(uri)) ?? '')
    await vscode.workspace.fs.writeFile(uri, Buffer.from(text))
    this.#changed.fire()
    return text
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose()
  }

  #watch(): void {
    if (this.#isWatching) return
    this.#isWatching = true
    const fire = () => this.#changed.fire()
    // A pattern without a base follows the folders of the workspace, whichever come and go.
    const watcher = vscode.workspace.createFileSystemWatcher(`**/${workspaceFilePattern}`)
    this.#disposables.push(
      watcher,
      watcher.onDidCreate(fire),
      watcher.onDidChange(fire),
      watcher.onDidDelete(fire),
      vscode.workspace.onDidChangeWorkspaceFolders(fire),
      vscode.workspace.onDidSaveTextDocument((document) => {
        if (vscode.languages.match(workspaceFileSelector, document) > 0) fire()
      }),
    )
  }
}

async function readFolder(folder: vscode.WorkspaceFolder): Promise<FoundFile[]> {
  const pattern = new vscode.RelativePattern(folder, workspaceFilePattern)
  const uris = await vscode.workspace.findFiles(pattern, '**/node_modules/**', 200)
  uris.sort((a, b) => rank(a) - rank(b) || byNature(a.path, b.path))
  const files = await Promise.all(
    uris.map(async (uri) => {
      const text = await readText(uri)
      return text === undefined ? [] : [{ folder: folder.name, uri, text }]
    }),
  )
  return files.flat()
}

function rank(uri: vscode.Uri): number {
  return uri.path.endsWith(workspaceFilePath) ? 0 : 1
}

async function readText(uri: vscode.Uri): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri))
  } catch {
    return undefined
  }
}
