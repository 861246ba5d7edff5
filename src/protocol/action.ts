import * as v from 'valibot'
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

/** How to execute a shell command or a script. Each part is subject to the agent's policy. */
const executionFields = {
  /** Absolute directory to run in; the agent's default otherwise. */
  directory: v.optional(v.pipe(v.string(), v.startsWith('/', 'an absolute directory'), v.maxLength(4096))),
  environment: v.optional(EnvironmentVariables),
  /**
   * User name to run as; the agent's own otherwise. As a server knows it: `deploy`, `john.doe`, `jdoe@example.com`,
   * `CORP\jdoe`. Agents of version 0.1 refuse names with other characters than letters, digits, `_` and `-`.
   */
  user: v.optional(v.pipe(v.string(), v.regex(/^(?!-)[^\p{C}\p{Z}:,/]{1,256}$/u, 'a user name'))),
}

const actions = [
  v.object({ kind: v.literal('shell'), command: v.pipe(v.string(), v.minLength(1)), ...executionFields }),
  v.object({
    kind: v.literal('script'),
    /** File name for people and for `$0`; no directories. */
    name: v.pipe(v.string(), v.regex(/^[^/\p{C}]{1,255}$/u, 'a file name')),
    /** The script's exact bytes, base64. */
    content: Base64,
    args: v.array(v.string()),
    /** Program that runs the script; otherwise its `#!` line, otherwise the agent's shell. */
    interpreter: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(255))),
    ...executionFields,
  }),
  v.object({ kind: v.literal('ping') }),
  /** Read all fact sources again and publish. */
  v.object({ kind: v.literal('facts') }),
  /**
   * Stop `runId`, or never start it. Answered within that run. `issuedAt` is the run's: an agent whose memory starts later
   * cannot say that it never started the run.
   */
  v.object({ kind: v.literal('cancel'), runId: RunId, issuedAt: v.optional(Time) }),
  /** Send frames of `runId` again; `missing` holds frame numbers, and `result` asks for the result too. */
  v.object({
    kind: v.literal('resend'),
    runId: RunId,
    missing: v.pipe(v.array(Count), v.maxLength(1000)),
    result: v.boolean(),
  }),
] as const

const KnownAction = v.variant('kind', actions)

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
