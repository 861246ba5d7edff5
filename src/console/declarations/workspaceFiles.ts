import * as vscode from 'vscode'
import { byNature } from '../../hosts/naturalOrder.ts'
import { type EditedFile, editDocument, openDocument } from './editDocument.ts'
import { openFile, readAtMost } from './regularFile.ts'

/** A workspace file as it is on disk. */
export interface FoundFile {
  /** Name of its workspace folder. */
  readonly folder: string
  readonly uri: vscode.Uri
  readonly text: string
}

/** Files with environments and snippets. Our own commands write to the first. */
export const workspaceFilePath = '.vscode/ec2-collective.yaml'
export const workspaceFilePattern = '{.vscode/ec2-collective.yaml,**/*.fleet.yaml}'

/** The documents that get lenses, completion and diagnostics. */
export const workspaceFileSelector: vscode.DocumentSelector = [
  { pattern: '**/.vscode/ec2-collective.yaml' },
  { pattern: '**/*.fleet.yaml' },
]

/**
 * The workspace files of all folders, as saved. Unsaved text does not count: the extension must not connect to half an
 * endpoint, nor drop the protection while `protected` is being retyped. Nothing is searched or watched before the first
 * {@link read}.
 */
export class WorkspaceFiles implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>()
  readonly #disposables: vscode.Disposable[] = [this.#changed]
  #isWatching = false
  #lastEdit: Promise<unknown> = Promise.resolve()
  /** Fires when a workspace file was created, changed or deleted on disk. */
  readonly onDidChange = this.#changed.event

  /** All of them, sorted by folder and path. Skips files that cannot be read. */
  async read(): Promise<FoundFile[]> {
    this.#watch()
    const found = await Promise.all((vscode.workspace.workspaceFolders ?? []).map(readFolder))
    return found.flat()
  }

  /** The text of a file: in its editor if it is open, otherwise on disk. Empty if it does not exist. */
  async current(uri: vscode.Uri): Promise<string> {
    return openDocument(uri)?.getText() ?? (await readText(uri)) ?? ''
  }

  /**
   * Changes a file through the editor's buffer; creates it if it is missing. Unsaved changes in it are kept and stay
   * unsaved: then show `document` to the user.
   * @param change gets the current text, empty if the file does not exist; is called again if the text changes meanwhile
   * @throws Error when the file cannot be changed or saved, and what `change` throws
   */
  edit(uri: vscode.Uri, change: (text: string) => string): Promise<EditedFile> {
    // One at a time: an edit of a text that has changed meanwhile is refused.
    const edited = this.#lastEdit.then(() => this.#edit(uri, change))
    this.#lastEdit = edited.catch(() => {})
    return edited
  }

  async #edit(uri: vscode.Uri, change: (text: string) => string): Promise<EditedFile> {
    const edited = await editDocument(uri, change)
    // At once: a watcher may miss a file that is created together with its folder.
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
    // A pattern without a base follows the workspace folders as they are added and removed.
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

/** More than what is parsed: `textBounds` in `yamlReading.ts`, in characters. Bytes. */
const mostBytes = 4 * 1024 * 1024

async function readText(uri: vscode.Uri): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await readBytes(uri))
  } catch {
    return undefined
  }
}

/** The editor would wait for a pipe, and read a device without end: a repository can have a link to either. */
async function readBytes(uri: vscode.Uri): Promise<Uint8Array> {
  if (uri.scheme !== 'file') return vscode.workspace.fs.readFile(uri)
  const handle = await openFile(uri.fsPath)
  if (handle === undefined) throw new Error('not there')
  try {
    return await readAtMost(handle, mostBytes)
  } finally {
    await handle.close()
  }
}
