import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readAtMost } from './boundedFile.ts'

/** Directories that are searched below one workspace: as the editor, which stops at a number of files, not for ever. */
const mostDirectories = 5_000

/** More than what is parsed of a workspace file, bytes. */
const mostBytes = 4 * 1024 * 1024

const workspaceFile = join('.vscode', 'ec2-collective.yaml')

/** A link in a repository may lead to a pipe or a device, which would never end. */
export function readWorkspaceFile(path: string): string {
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error('it is not a file')
    return readAtMost(descriptor, mostBytes).toString('utf8')
  } finally {
    closeSync(descriptor)
  }
}

/** The workspace files of a directory and of all above it, and of all below the nearest that is a workspace. */
export function filesAround(directory: string): string[] {
  const files: string[] = []
  let isInWorkspace = true
  for (let folder = directory; ; folder = dirname(folder)) {
    if (existsSync(join(folder, workspaceFile))) files.push(join(folder, workspaceFile))
    const isRoot = isWorkspace(folder)
    // Only the nearest workspace is searched whole: the one above it may be the home directory.
    files.push(...fleetFilesIn(folder, isRoot && isInWorkspace))
    if (isRoot) isInWorkspace = false
    if (dirname(folder) === folder) return files
  }
}

/**
 * The workspace files of the workspace that a directory is in: the nearest folder with a `.vscode` or a `.git`. None without
 * one: what lies above may be anybody's.
 */
export function filesOfWorkspace(directory: string): string[] {
  for (let folder = directory; ; folder = dirname(folder)) {
    if (isWorkspace(folder)) {
      const own = join(folder, workspaceFile)
      return [...(existsSync(own) ? [own] : []), ...fleetFilesIn(folder, true)]
    }
    if (dirname(folder) === folder) return []
  }
}

function isWorkspace(folder: string): boolean {
  return existsSync(join(folder, '.vscode')) || existsSync(join(folder, '.git'))
}

function fleetFilesIn(folder: string, isDeep: boolean): string[] {
  const files: string[] = []
  const folders = [folder]
  for (let index = 0; index < Math.min(folders.length, mostDirectories); index += 1) {
    const at = folders[index] ?? folder
    for (const entry of entriesOf(at)) {
      if (entry.name.endsWith('.fleet.yaml')) files.push(join(at, entry.name))
      else if (isDeep && entry.isDirectory() && !['node_modules', '.git'].includes(entry.name))
        folders.push(join(at, entry.name))
    }
  }
  return files
}

/** Of a directory that this user may not list, the editor shows nothing either. */
function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
