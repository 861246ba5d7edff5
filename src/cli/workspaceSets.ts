import { mergedSets } from '../declarations/filterSets.ts'
import { parseWorkspaceFile } from '../declarations/workspaceFile.ts'
import type { FilterSets } from '../protocol/filter/filterSets.ts'
import { UsageError } from './arguments.ts'
import { filesOfWorkspace, readWorkspaceFile } from './workspaceFiles.ts'

/**
 * The named sets of the workspace that a directory is in, for filters such as `@canaries`.
 * @throws UsageError when one of its files cannot be read
 */
export function workspaceSets(directory: string): FilterSets {
  return mergedSets(
    filesOfWorkspace(directory).map((path) => {
      try {
        return parseWorkspaceFile(readWorkspaceFile(path)).sets
      } catch (cause) {
        throw new UsageError(
          `Cannot read the sets in ${path}: ${(cause as Error).message}. Nothing was sent.`,
          {
            cause,
          },
        )
      }
    }),
  )
}
