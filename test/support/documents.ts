import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import * as vscode from 'vscode'

/** What an editor has open of real files, as far as edits of them go. */
export interface Documents {
  /** Opens a file, as an editor does. */
  open(file: string): Promise<TypedDocument>
  /** Called before the next edit reaches its document, as when somebody types in between. */
  beforeNextEdit(act: () => unknown): void
  /** What stands on disk. */
  onDisk(file: string): Promise<string>
}

export interface TypedDocument extends vscode.TextDocument {
  /** What a person types: the whole text anew, unsaved. */
  type(text: string): void
  refuseToSave: boolean
}

/** Lets the stand-in for the editor edit the files below `folder`, its workspace. */
export function openDocuments(folder: string): Documents {
  const documents = new Map<string, TypedDocument>()
  const acts: (() => unknown)[] = []
  const open = async (uri: vscode.Uri): Promise<TypedDocument> => {
    const known = documents.get(uri.toString())
    if (known !== undefined) return known
    const document = typedDocument(uri, await readFile(uri.fsPath, 'utf8'))
    documents.set(uri.toString(), document)
    return document
  }
  const replace = async ({ uri, range, text }: { uri: vscode.Uri; range: vscode.Range; text: string }) => {
    const document = await open(uri)
    const { version } = document
    await acts.shift()?.()
    if (document.version !== version) return false
    const before = document.getText()
    const [start, end] = [range.start, range.end].map((at) => (at as unknown as { offset: number }).offset)
    document.type(before.slice(0, start) + text + before.slice(end))
    return true
  }
  const create = async ({ uri, contents }: { uri: vscode.Uri; contents: Uint8Array }) => {
    await acts.shift()?.()
    await mkdir(path.dirname(uri.fsPath), { recursive: true })
    return writeFile(uri.fsPath, contents, { flag: 'wx' }).then(
      () => true,
      () => false,
    )
  }
  const root = { uri: vscode.Uri.file(folder), name: path.basename(folder), index: 0 }
  Object.assign(vscode.workspace, {
    workspaceFolders: [root],
    getWorkspaceFolder: (uri: vscode.Uri) => (uri.path.startsWith(folder) ? root : undefined),
    asRelativePath: (uri: vscode.Uri) => path.relative(folder, uri.path),
    findFiles: async () =>
      (await readdir(folder, { recursive: true }))
        .filter((name) => /\.fleet\.yaml$|\.vscode\/ec2-collective\.yaml$/.test(name))
        .map((name) => vscode.Uri.file(path.join(folder, name))),
    openTextDocument: open,
    applyEdit: async (edit: vscode.WorkspaceEdit) => {
      const [change] = (
        edit as unknown as { changes: (Parameters<typeof replace>[0] | Parameters<typeof create>[0])[] }
      ).changes
      return change === undefined || ('range' in change ? replace(change) : create(change))
    },
  })
  Object.defineProperty(vscode.workspace, 'textDocuments', {
    configurable: true,
    get: () => [...documents.values()],
  })
  Object.assign(vscode.workspace.fs, {
    stat: (uri: vscode.Uri) => stat(uri.fsPath),
    readFile: (uri: vscode.Uri) => readFile(uri.fsPath),
  })
  return {
    open: (file) => open(vscode.Uri.file(path.join(folder, file))),
    beforeNextEdit: (act) => void acts.push(act),
    onDisk: (file) => readFile(path.join(folder, file), 'utf8'),
  }
}

function typedDocument(uri: vscode.Uri, onDisk: string): TypedDocument {
  let text = onDisk
  const document = {
    uri,
    version: 1,
    isDirty: false,
    refuseToSave: false,
    getText: () => text,
    positionAt: (offset: number) => ({ offset }),
    type: (typed: string) => {
      text = typed
      document.version += 1
      document.isDirty = true
    },
    save: async () => {
      if (document.refuseToSave) return false
      await writeFile(uri.fsPath, text)
      document.isDirty = false
      return true
    },
  }
  return document as unknown as TypedDocument
}
