import * as v from 'valibot'
import { described, maybe } from './described.ts'
import { RunId } from './names.ts'
import { Count, Time } from './numbers.ts'

/** Replaces Valibot's check of base64, which needs a stack as deep as the text is long. */
const Base64 = v.pipe(
  v.string(),
  v.check((text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text), 'base64 text'),
)

const EnvironmentVariables = v.record(
  v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'a variable name: letters, digits, _')),
  v.pipe(
    v.string(),
    v.check((value) => !value.includes('\0'), 'a value without NUL'),
  ),
)

/** Whether it may be the name of a user: `deploy`, `john.doe`, `jdoe@example.com`, `CORP\\jdoe`. */
export function isUserName(text: string): boolean {
  return userName.test(text)
}

const userName = /^(?!-)[^\p{C}\p{Z}:,/]{1,256}$/u

/** How to execute a shell command or a script. Each part is subject to the agent's policy. */
const executionFields = {
  directory: maybe(
    v.pipe(v.string(), v.startsWith('/', 'an absolute directory'), v.maxLength(4096)),
    'Absolute directory to run in; the home of the user otherwise.',
  ),
  environment: maybe(EnvironmentVariables, 'Variables for the command. Values contain no NUL.'),
  /** Agents of version 0.1 refuse names with other characters than letters, digits, `_` and `-`. */
  user: maybe(
    v.pipe(v.string(), v.regex(userName, 'a user name')),
    'User to run as, as the server knows it: `deploy`, `john.doe`, `jdoe@example.com`, `CORP\\jdoe`. The agent’s own user otherwise.',
  ),
}

const actions = [
  v.object({
    kind: described(v.literal('shell'), 'Execute a command of the shell.'),
    command: described(v.pipe(v.string(), v.minLength(1)), 'The text for `sh -c`.'),
    ...executionFields,
  }),
  v.object({
    kind: described(v.literal('script'), 'Write a script to a file and execute it.'),
    name: described(
      v.pipe(v.string(), v.regex(/^[^/\p{C}]{1,255}$/u, 'a file name')),
      'Name of the file, without directories. `$0` is its path.',
    ),
    content: described(Base64, 'The exact bytes of the script, base64.'),
    args: described(v.array(v.string()), 'Its arguments.'),
    interpreter: maybe(
      v.pipe(v.string(), v.minLength(1), v.maxLength(255)),
      'Program that runs the script, with arguments separated by spaces; otherwise its `#!` line, otherwise the shell.',
    ),
    ...executionFields,
  }),
  v.object({ kind: described(v.literal('ping'), 'Answer, and do nothing.') }),
  v.object({ kind: described(v.literal('facts'), 'Read all facts again, publish them, and answer.') }),
  v.object({
    kind: described(v.literal('cancel'), 'Stop a run, or never start it.'),
    runId: described(RunId, 'The run. It is answered by the result of that run.'),
    issuedAt: maybe(
      Time,
      'The `issuedAt` of that run: an agent whose memory starts later cannot say that it never started it.',
    ),
  }),
  v.object({
    kind: described(v.literal('resend'), 'Send parts of a reply again.'),
    runId: described(RunId, 'The run.'),
    missing: described(v.pipe(v.array(Count), v.maxLength(1000)), 'Numbers of the frames that are missing.'),
    result: described(v.boolean(), 'Whether the result is missing as well.'),
  }),
] as const

/** The actions of this version. `npm run declarations` writes the tables of docs/messages.md from it. */
export const KnownAction = v.variant('kind', actions)

/** What agents are asked to do. People request the kinds in {@link RunRequest}; cancel and resend are sent by a run itself. */
export type Action = v.InferOutput<typeof KnownAction>

/**
 * Names of the parts of a command that were added after version 1 of the protocol and must not be ignored, because they
 * change what the command means: its targets, or when or how it is executed. A part is a field of the command.
 * An agent refuses a command that requires a part whose name it does not know (docs/versions.md).
 */
export const requirableParts: readonly string[] = ['targetSet']

const PartName = v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9]{0,31}$/, 'the name of a part'))

/** Most characters of an action's kind. Agents of version 1 cannot read a command with a longer one, and do not answer. */
const longestKind = 64

/** An action that this version does not know, or whose fields are invalid: refused by name, never ignored. */
export interface UnsupportedAction {
  readonly kind: 'unsupported'
  readonly requested: string
  /** Names of parts that the command requires and this version does not know. */
  readonly unknown?: readonly string[]
  /** Of an action that is known: the field that is wrong, and what it should be, as in `user: a user name`. */
  readonly invalid?: string
}

const OtherAction = v.pipe(
  v.looseObject({ kind: v.pipe(v.string(), v.maxLength(longestKind)) }),
  v.transform((action): UnsupportedAction => {
    const invalid = invalidField(action)
    return { kind: 'unsupported', requested: action.kind, ...(invalid === undefined ? {} : { invalid }) }
  }),
)

/**
 * The field of an action that is wrong, and what it should be, as in `directory: an absolute directory`; undefined for an
 * action that is right, or of a kind that this version does not know.
 */
export function invalidField(action: { readonly kind: string }): string | undefined {
  const schema = actions.find(({ entries }) => entries.kind.literal === action.kind)
  const [issue] = schema === undefined ? [] : (v.safeParse(schema as v.GenericSchema, action).issues ?? [])
  return issue === undefined
    ? undefined
    : `${v.getDotPath(issue) ?? 'action'}: ${issue.message}`.slice(0, 200)
}

const PlainAction = v.union([KnownAction, OtherAction])

/** See {@link requiring}. */
const RequiringAction = v.pipe(
  v.object({
    kind: v.pipe(v.string(), v.maxLength(longestKind)),
    requires: v.pipe(v.array(PartName), v.maxLength(32)),
    action: PlainAction,
  }),
  v.transform(({ kind, requires, action }): Action | UnsupportedAction => {
    const unknown = requires.filter((name) => !requirableParts.includes(name))
    return unknown.length === 0 ? action : { kind: 'unsupported', requested: kind, unknown }
  }),
)

const AnyAction = v.union([RequiringAction, OtherAction])

/** The action of a command. One with `requires` is never read as the same action without. */
export const ActionSchema = v.lazy((json) =>
  typeof json === 'object' && json !== null && 'requires' in json ? AnyAction : PlainAction,
)

/**
 * The action of a command that has these parts, as it is sent. Its kind is one that version 1 does not know: agents
 * without support for `requires` refuse it by that kind, which contains the names of the parts.
 */
export function requiring(action: Action, parts: readonly string[]) {
  return { kind: `requires ${parts.join(', ')}`.slice(0, longestKind), requires: parts, action }
}
