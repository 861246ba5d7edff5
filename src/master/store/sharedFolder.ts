import { createHash } from 'node:crypto'
import { join } from 'node:path'

/** What identifies a workspace in all of its windows; URIs. */
export interface WorkspaceIdentity {
  /** Of a workspace of several folders, saved or not; undefined for a folder that is open by itself. */
  readonly file: { readonly uri: string; readonly isSaved: boolean } | undefined
  readonly folders: readonly string[]
}

/**
 * The folder of what the windows of one workspace share. The editor's own folder for a workspace belongs to one window
 * alone: a second window on the same workspace gets another one. A duplicate of a window with one folder is a workspace that is
 * not saved, with this folder.
 * @returns undefined for a window without a workspace
 */
export function sharedFolder(
  globalStorage: string,
  { file, folders }: WorkspaceIdentity,
): string | undefined {
  const [folder] = folders
  const identity = folders.length === 1 && file?.isSaved !== true ? folder : (file?.uri ?? folder)
  if (identity === undefined) return undefined
  const key = createHash('sha256').update(identity).digest('hex').slice(0, 32)
  return join(globalStorage, 'workspaces', key)
}
