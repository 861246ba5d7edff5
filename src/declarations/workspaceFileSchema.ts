import * as v from 'valibot'
import { EnvironmentName } from '../protocol/names.ts'
import { closedObject, described } from './declaredValues.ts'
import { EnvironmentDeclaration } from './environmentDeclaration.ts'
import { SetDeclaration } from './filterSets.ts'
import { SnippetDeclaration } from './snippet.ts'

/**
 * A whole workspace file. JSON schema, settings, completion, hover and docs get the descriptions of its keys from here
 * (`npm run declarations`); {@link parseWorkspaceFile} checks entry by entry with the parts.
 */
export const WorkspaceFileDeclaration = closedObject({
  environments: described(
    v.nullish(v.record(EnvironmentName, EnvironmentDeclaration)),
    'Environments of this repository, by name.',
  ),
  sets: described(
    v.nullish(v.record(v.string(), SetDeclaration)),
    'Sets of agents by name, for filters: `"@canaries"`. Each is a filter, or a list of host names and instance IDs.',
  ),
  snippets: described(
    v.nullish(v.record(v.string(), SnippetDeclaration)),
    'Commands that people run in this repository, by name.',
  ),
})
