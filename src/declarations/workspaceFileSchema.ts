import * as v from 'valibot'
import { EnvironmentName } from '../protocol/names.ts'
import { closedObject, described } from './declaredValues.ts'
import { EnvironmentDeclaration } from './environmentDeclaration.ts'
import { SnippetDeclaration } from './snippet.ts'

/**
 * A whole workspace file. What is said of its keys in the JSON schema, the settings, completion, hover and the docs comes
 * from here (`npm run declarations`); {@link parseWorkspaceFile} holds entry by entry against the parts.
 */
export const WorkspaceFileDeclaration = closedObject({
  environments: described(
    v.nullish(v.record(EnvironmentName, EnvironmentDeclaration)),
    'Environments of this repository, by name.',
  ),
  snippets: described(
    v.nullish(v.record(v.string(), SnippetDeclaration)),
    'Commands that people run in this repository, by name.',
  ),
})
