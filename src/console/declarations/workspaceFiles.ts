import * as vscode from 'vscode'
import { byNature } from '../../hosts/naturalOrder.ts'
import { type EditedFile, editDocument, openDocument } from './editDocument.ts'

/** A workspace file as it lies on disk. */
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

/**
 * The workspace files of all folders, as they are saved. What somebody is typing is no declaration yet: half of an endpoint
 * must not be connected to, nor a `protected` be gone for as long as it is written anew. Nothing is searched or watched
 * before the first {@link read}.
 */
export class WorkspaceFiles implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>()
  readonly #disposables: vscode.Disposable[] = [this.#changed]
  #isWatching = false
  #lastEdit: Promise<unknown> = Promise.resolve()
  /** Fires when a workspace file appeared, changed on disk, or went. */
  readonly onDidChange = this.#changed.event

  /** All of them, in the order of the folders and of their paths. Files that cannot be read are left out. */
  async read(): Promise<FoundFile[]> {
    this.#watch()
    const found = await Promise.all((vscode.workspace.workspaceFolders ?? []).map(readFolder))
    return found.flat()
  }

  /** What a file holds: as it stands in an editor, otherwise on disk. Empty when it is not there. */
  async current(uri: vscode.Uri): Promise<string> {
    return openDocument(uri)?.getText() ?? (await readText(uri)) ?? ''
  }

  /**
   * Changes a file, which is made where it is missing, through the editor's own buffer. What somebody has typed there and
   * not saved is part of what is changed, and stays unsaved: then `document` is to be shown to them.
   * @param change gets what the file holds now, empty when it is not there; may be called again when that has changed
   * @throws Error when the file cannot be changed or saved, and what `change` throws
   */
  edit(uri: vscode.Uri, change: (text: string) => string): Promise<EditedFile> {
    // One after the other: an edit of a text that has changed meanwhile is refused.
    const edited = this.#lastEdit.then(() => this.#edit(uri, change))
    this.#lastEdit = edited.catch(() => {})
    return edited
  }

  async #edit(uri: vscode.Uri, change: (text: string) => string): Promise<EditedFile> {
    const edited = await editDocument(uri, change)
    // At once: a watcher may miss what appears together with its folder.
    if (edited.isSaved) this.#changed.fire()
    return edited
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
