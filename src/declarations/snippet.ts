import * as v from 'valibot'
import { DeclaredDuration, DeclaredRollout } from './declaredRun.ts'

const VariableName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'the name of an environment variable: letters, digits, _'),
)

/** Something that a person is asked for. It reaches the command as an environment variable, never as text in it. */
const Input = v.strictObject({
  prompt: v.optional(v.string()),
  default: v.optional(v.string()),
  choices: v.optional(v.pipe(v.array(v.string()), v.minLength(1, 'a list with at least one choice'))),
  secret: v.optional(v.boolean()),
})

/** A snippet as it stands in a workspace file. Its name is the key under which it stands. */
export const SnippetDeclaration = v.pipe(
  v.strictObject({
    description: v.optional(v.string()),
    environment: v.optional(v.string()),
    filter: v.optional(v.pipe(v.string(), v.trim(), v.minLength(1, 'a filter; * means everyone'))),
    command: v.optional(v.pipe(v.string(), v.minLength(1, 'a command'))),
    script: v.optional(v.pipe(v.string(), v.minLength(1, 'a script'))),
    file: v.optional(v.pipe(v.string(), v.minLength(1, 'a path, relative to the workspace folder'))),
    interpreter: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(255))),
    args: v.optional(v.array(v.string())),
    inputs: v.optional(v.record(VariableName, v.nullish(Input))),
    timeout: v.optional(DeclaredDuration),
    user: v.optional(v.string()),
    directory: v.optional(v.pipe(v.string(), v.startsWith('/', 'an absolute directory'))),
    rollout: v.optional(DeclaredRollout),
  }),
  v.check(
    ({ command, script, file }) => [command, script, file].filter((what) => what !== undefined).length === 1,
    'a snippet with exactly one of command, script and file',
  ),
)

export type SnippetDeclaration = v.InferOutput<typeof SnippetDeclaration>
export type SnippetInput = v.InferOutput<typeof Input>

/** A named command of the workspace. */
export interface Snippet {
  readonly name: string
  readonly declaration: SnippetDeclaration
}
