import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { noSets } from '../protocol/filter/filterSets.ts'
import { filterFromLists } from '../protocol/filter/lists.ts'
import { FilterSyntaxError } from '../protocol/filter/syntaxError.ts'
import {
  everyone,
  readFilterWithSets,
  type WrittenFilter,
  writeFilter,
} from '../protocol/filter/writtenFilter.ts'
import type { RunRequest } from '../run/runRequest.ts'
import { type Arguments, UsageError } from './arguments.ts'
import { readBounded } from './boundedFile.ts'
import { workspaceSets } from './workspaceSets.ts'

/**
 * The request of the command line, with the script's current bytes.
 * @param workspace a directory in whose workspace the named sets of the filter are
 * @throws UsageError, FilterSyntaxError
 */
export function requestOf(args: Arguments, workspace: string = process.cwd()): RunRequest {
  const { user, directory, timeoutMs, rollout } = args
  const execution = {
    ...(user === undefined ? {} : { user }),
    ...(directory === undefined ? {} : { directory }),
  }
  return {
    filter: filterOf(args, workspace),
    action: actionOf(args, execution),
    timeoutMs,
    ...(rollout === undefined ? {} : { rollout }),
    ...(args.includeUnseen ? { unseen: 'included' as const } : {}),
  }
}

function filterOf(args: Arguments, directory: string): WrittenFilter {
  if (args.everyone) return everyone
  if (args.filter === undefined)
    return writeFilter(filterFromLists({ with: args.with, without: args.without }))
  try {
    const sets = args.filter.includes('@') ? workspaceSets(directory) : noSets
    return writeFilter(readFilterWithSets(args.filter, sets).parsed)
  } catch (error) {
    if (!(error instanceof FilterSyntaxError)) throw error
    throw new UsageError(
      `Invalid filter: ${error.message}\n${error.pointer(args.filter)}\nNothing was sent.`,
      { cause: error },
    )
  }
}

/** More than any queue takes; what is smaller and too large is told with the size of its message. Bytes. */
const mostScriptBytes = 16 * 1024 * 1024

function actionOf(args: Arguments, execution: { user?: string; directory?: string }): RunRequest['action'] {
  const { mode, command = '', parameters } = args
  if (mode === 'cli') return { kind: 'shell', command, ...execution }
  if (mode !== 'script') return { kind: mode === 'facts' ? 'facts' : 'ping' }
  const path = command.startsWith('file:///') ? fileURLToPath(command) : command.slice('file://'.length)
  try {
    const content = readBounded(path, mostScriptBytes).toString('base64')
    return { kind: 'script', name: basename(path), content, args: [...parameters], ...execution }
  } catch (cause) {
    throw new UsageError(`Cannot read the script: ${(cause as Error).message}.`, { cause })
  }
}
