import * as v from 'valibot'
import type { WrittenFilter } from '../protocol/filter/writtenFilter.ts'
import { say } from '../text/localizable.ts'
import {
  closedObject,
  DeclaredDuration,
  DeclaredRollout,
  described,
  FilterText,
  Flag,
  rolloutMeaning,
  Text,
} from './declaredValues.ts'
import { DeclaredView } from './declaredView.ts'

const VariableName = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z_][A-Za-z0-9_]{0,127}$/,
    say('the name of an environment variable: letters, digits, _').text,
  ),
)

/** A value that a person is asked for. It reaches the command as an environment variable, never as text in it. */
export const Input = closedObject({
  prompt: described(v.optional(Text), 'The question that you are asked.'),
  default: described(v.optional(Text), 'Value that is filled in before you type.'),
  choices: described(
    v.optional(
      v.pipe(
        v.array(Text, say('a list of choices').text),
        v.minLength(1, say('a list with at least one choice').text),
      ),
    ),
    'Values to choose from.',
  ),
  secret: described(v.optional(Flag), 'Hide what is typed. The value is never stored, shown or logged.'),
})

const contents = [['command'], ['script'], ['file']] as const

/** A snippet in a workspace file. Its name is its key there. */
export const SnippetDeclaration = v.pipe(
  closedObject({
    command: described(
      v.optional(v.pipe(Text, v.minLength(1, say('a command').text))),
      'Shell command. One of `command`, `script` and `file`.',
    ),
    script: described(
      v.optional(v.pipe(Text, v.minLength(1, say('a script').text))),
      'Script, run by its `#!` line. One of `command`, `script` and `file`.',
    ),
    file: described(
      v.optional(
        v.pipe(
          Text,
          v.minLength(1, say('a path').text),
          v.check(staysInside, say('a path inside its workspace folder').text),
          v.examples(['ops/logs.sh']),
        ),
      ),
      'Path of a script, relative to its workspace folder and inside it. One of `command`, `script` and `file`.',
    ),
    filter: described(
      v.optional(v.pipe(FilterText, v.metadata({ isAnyScalar: true, examples: ['role=web'] }))),
      'Which agents: a filter, or `"*"` for every agent. If it is missing, you are asked for it.',
    ),
    environment: described(
      v.optional(Text),
      'Name of the environment. If it is missing, you are asked for it.',
    ),
    description: described(v.optional(Text), 'What the snippet is for, in one line.'),
    inputs: described(
      v.optional(v.record(VariableName, v.nullish(Input), say('a map of variable names').text)),
      'What you are asked for before it runs. Each value reaches the command as an environment variable, never as text in it.',
    ),
    args: described(v.optional(v.array(Text, say('a list of parameters').text)), 'Parameters of the script.'),
    interpreter: described(
      v.optional(
        v.pipe(Text, v.minLength(1, say('a program').text), v.maxLength(255, say('a program').text)),
      ),
      'Program that runs the script. Default: its `#!` line.',
    ),
    timeout: described(
      v.optional(DeclaredDuration),
      'Agents stop the command after this time: seconds, or `90s`, `10m`.',
    ),
    rollout: described(v.optional(DeclaredRollout), rolloutMeaning),
    view: described(v.optional(DeclaredView), 'How its results page opens. Default: what says most.'),
    user: described(v.optional(Text), 'User to run as, if the agents’ policy allows it.'),
    directory: described(
      v.optional(v.pipe(Text, v.startsWith('/', say('an absolute directory').text))),
      'Absolute directory to run in.',
    ),
  }),
  v.partialCheck(
    contents,
    (snippet) => contents.filter(([key]) => snippet[key] !== undefined).length === 1,
    say('A snippet needs exactly one of command, script and file.').text,
  ),
  v.metadata({ oneOf: contents.map((required) => ({ required: [...required] })) }),
)

/** Judged by the text of the path; links are checked when the file is read. */
function staysInside(file: string): boolean {
  if (/^([/\\]|[A-Za-z]:)/.test(file)) return false
  let depth = 0
  for (const step of file.split(/[/\\]/)) {
    if (step === '..') depth -= 1
    else if (step !== '' && step !== '.') depth += 1
    if (depth < 0) return false
  }
  return depth > 0
}

export type SnippetDeclaration = v.InferOutput<typeof SnippetDeclaration>
export type SnippetInput = v.InferOutput<typeof Input>

/** A named command of the workspace. */
export interface Snippet {
  readonly name: string
  readonly declaration: SnippetDeclaration
  /** That of its declaration, with named sets written out. */
  readonly filter?: WrittenFilter
}
