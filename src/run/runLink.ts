import * as v from 'valibot'
import { RunId } from '../protocol/names.ts'

/** As in `vscode://publisher.extension/run/3f0c…`. It names a run, and nothing that could be sent. */
export function linkToRun(scheme: string, extensionId: string, runId: string): string {
  return `${scheme}://${extensionId}/run/${runId}`
}

/** @returns undefined for anything that is not exactly a link to a run */
export function runIdInLink({ path, query, fragment }: LinkParts): string | undefined {
  const [, runId] = /^\/run\/([^/]+)$/.exec(path) ?? []
  return query === '' && fragment === '' && v.is(RunId, runId) ? runId : undefined
}

/** A link, taken apart. */
export interface LinkParts {
  readonly path: string
  readonly query: string
  readonly fragment: string
}
