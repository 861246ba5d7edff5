import path from 'node:path'
import * as vscode from 'vscode'
import type { WorkspaceFiles } from '../../src/console/declarations/workspaceFiles.ts'
import { Drafts } from '../../src/console/send/drafts.ts'
import { Snippets } from '../../src/console/send/snippets.ts'
import { memento } from './memento.ts'

/** The snippets of workspace files with these texts, by path below `folder`. */
export function snippetsOf(folder: string, texts: Record<string, string>): Snippets {
  const files = Object.entries(texts).map(([name, text]) => ({
    ...{ folder: 'web', text },
    uri: vscode.Uri.file(path.join(folder, name)),
  }))
  const changed = new vscode.EventEmitter<void>()
  const workspaceFiles = { read: async () => files, onDidChange: changed.event } as unknown as WorkspaceFiles
  const environmentNamed = async () => {
    throw new Error('not in this test')
  }
  return new Snippets(workspaceFiles, environmentNamed, new Drafts(memento()))
}
