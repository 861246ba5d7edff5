import * as v from 'valibot'
import { LocalizableError, say } from '../text/localizable.ts'
import {
  closedObject,
  DeclaredDuration,
  DeclaredRollout,
  described,
  FilterText,
  JsonText,
  rolloutMeaning,
} from './declaredValues.ts'
import { describeIssue, inOneText } from './problems.ts'

const fields = {
  environment: described(v.optional(v.string(say('text').text)), 'Name of the environment.'),
  filter: described(
    v.optional(FilterText),
    'Which agents: a filter such as `role=web`, also with named sets of the workspace files such as `@canaries`, or `*` for every agent.',
  ),
  command: described(
    v.optional(v.pipe(v.string(say('text').text), v.minLength(1, say('a command').text))),
    'Shell command.',
  ),
  file: described(
    v.optional(v.pipe(v.string(say('text').text), v.minLength(1, say('a path').text))),
    'Path of a script, relative to the workspace folder.',
  ),
  args: described(
    v.optional(v.array(JsonText, say('a list of parameters').text)),
    'Parameters of the script.',
  ),
  interpreter: described(
    v.optional(
      v.pipe(
        v.string(say('text').text),
        v.minLength(1, say('a program').text),
        v.maxLength(255, say('a program').text),
      ),
    ),
    'Program that runs the script. Default: its `#!` line.',
  ),
  snippet: described(v.optional(v.string(say('text').text)), 'Name of a snippet of the workspace.'),
  inputs: described(
    v.optional(v.record(v.string(), JsonText, say('a map of variable names').text)),
    'Values of the snippet’s inputs. You are asked for those that are missing.',
  ),
  timeout: described(
    v.optional(DeclaredDuration),
    'Agents stop the command after this time: seconds, or `90s`, `10m`.',
  ),
  rollout: described(v.optional(DeclaredRollout), rolloutMeaning),
  user: described(v.optional(v.string(say('text').text)), 'User to run as, if the agents’ policy allows it.'),
  directory: described(
    v.optional(v.pipe(v.string(say('text').text), v.startsWith('/', say('an absolute directory').text))),
    'Absolute directory to run in.',
  ),
  confirm: described(
    v.optional(v.boolean(say('true or false').text)),
    '`false`: do not ask before sending. A protected environment always asks. Default: `true`.',
  ),
}

/** The arguments of a run from a keybinding, a task or another extension; the flow asks for what is missing. */
export const RunArguments = closedObject({
  ...fields,
  /** Agent ids. Not meant to be written by hand: the console's own commands pass them. */
  targets: v.optional(v.array(v.string())),
})

export type RunArguments = v.InferOutput<typeof RunArguments>

/** A run in `tasks.json`. */
export const TaskDeclaration = closedObject({
  ...fields,
  exitCode: described(
    v.optional(v.picklist(['strict', 'last-non-zero'], 'strict, last-non-zero')),
    '`strict`: not 0 unless every expected agent has succeeded. `last-non-zero`: the exit code of the last agent that failed. Default: `strict`.',
  ),
})

/**
 * @throws LocalizableError that names all problems; arguments come from hand-written JSON
 */
export function parseRunArguments(value: unknown): RunArguments {
  const parsed = v.safeParse(RunArguments, value ?? {})
  if (!parsed.success) {
    throw new LocalizableError(inOneText(parsed.issues.map((issue) => describeIssue(issue).message)))
  }
  const { command, file, snippet } = parsed.output
  if ([command, file, snippet].filter((what) => what !== undefined).length > 1) {
    throw new LocalizableError(say('Give only one of command, file and snippet.'))
  }
  return parsed.output
}
