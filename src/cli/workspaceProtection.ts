import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseWorkspaceFile, protectedNames } from '../declarations/workspaceFile.ts'
import { UsageError } from './arguments.ts'
import { readAtMost } from './boundedFile.ts'

/** Directories that are searched below one workspace: as the editor, which stops at a number of files, not for ever. */
const mostDirectories = 5_000

/** More than what is parsed of a workspace file, bytes. */
const mostBytes = 4 * 1024 * 1024

const workspaceFile = join('.vscode', 'ec2-collective.yaml')

/**
 * The workspace file that protects an environment, in the directory, or above it, as the editor would find it there:
 * `.vscode/ec2-collective.yaml` of each directory, and each `*.fleet.yaml` in these and below a folder that has a `.vscode` or a
 * `.git`. Any of them can protect, and none can take that away.
 * @throws UsageError when one of them cannot be read
 */
export function protectingFile(environment: string, directory: string): string | undefined {
  return filesFrom(directory).find((path) => isProtectedBy(path, environment))
}

function isProtectedBy(path: string, environment: string): boolean {
  let text: string
  try {
    text = readText(path)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return false
    throw new UsageError(
      `Cannot read ${path}, which may say that ${environment} is protected: ${message}. Nothing was sent.`,
      { cause },
    )
  }
  const file = parseWorkspaceFile(text)
  if (protectedNames(file).has(environment)) return true
  // Of a text that is not YAML nobody can tell; what cannot be read counts as a yes.
  const isUnreadable =
    file.problems.some(({ entry }) => entry === undefined) && file.names.environments.length === 0
  return isUnreadable && text.includes(environment) && /\bprotected\b/.test(text)
}

/** A link in a repository may lead to a pipe or a device, which would never end. */
function readText(path: string): string {
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error('it is not a file')
    return readAtMost(descriptor, mostBytes).toString('utf8')
  } finally {
    closeSync(descriptor)
  }
}

function filesFrom(directory: string): string[] {
  const files: string[] = []
  let isInWorkspace = true
  for (let folder = directory; ; folder = dirname(folder)) {
    if (existsSync(join(folder, workspaceFile))) files.push(join(folder, workspaceFile))
    const isRoot = existsSync(join(folder, '.vscode')) || existsSync(join(folder, '.git'))
    // Only the nearest workspace is searched whole: the one above it may be the home directory.
    files.push(...fleetFilesIn(folder, isRoot && isInWorkspace))
    if (isRoot) isInWorkspace = false
    if (dirname(folder) === folder) return files
  }
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
