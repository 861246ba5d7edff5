import { parseWorkspaceFile, protectedNames } from '../declarations/workspaceFile.ts'
import { UsageError } from './arguments.ts'
import { filesAround, readWorkspaceFile } from './workspaceFiles.ts'

/**
 * The workspace file that protects an environment, in the directory, or above it, as the editor would find it there:
 * `.vscode/ec2-collective.yaml` of each directory, and each `*.fleet.yaml` in these and below a folder that has a `.vscode` or a
 * `.git`. Any of them can protect, and none can take that away.
 * @throws UsageError when one of them cannot be read
 */
export function protectingFile(environment: string, directory: string): string | undefined {
  return filesAround(directory).find((path) => isProtectedBy(path, environment))
}

function isProtectedBy(path: string, environment: string): boolean {
  let text: string
  try {
    text = readWorkspaceFile(path)
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
