import type { Action } from '../../../src/protocol/action.ts'
import type { Signature } from '../../../src/protocol/envelope.ts'

/** What a policy decides about. */
export interface Request {
  readonly senderId: string | undefined
  readonly signature: Signature | undefined
  readonly action: Action
  /** Whether the command names the agents that it is for, rather than being for every agent that its filter matches. */
  readonly namesTargets: boolean
  /** The user that the agent runs as, and that executes commands that name no user. */
  readonly ownUser: string
  /** SQS's clock, milliseconds. */
  readonly now: number
  /** Whether the answer would tell of a run that somebody else had executed. */
  readonly readsForeignRun?: boolean
  /** What the directory of the action really is, where it was looked up: undefined before the execution. */
  readonly found?: FoundDirectory
}

/** A directory as it is at the moment when something is to be executed in it. */
export interface FoundDirectory {
  /** Absolute, without symbolic links, `.` and `..`. */
  readonly path: string
  /** Whether others than root and the run's user can change it, or put another directory in its place. */
  readonly isOthers: boolean
}

export function isExecutable(action: Action): action is Extract<Action, { kind: 'shell' | 'script' }> {
  return action.kind === 'shell' || action.kind === 'script'
}

/** The text that deny patterns are matched against; undefined for what executes nothing. */
export function textOf(action: Action): string | undefined {
  if (action.kind === 'shell') return action.command
  if (action.kind !== 'script') return undefined
  const { interpreter, content, args } = action
  const script = Buffer.from(content, 'base64').toString('utf8')
  return [...(interpreter === undefined ? [] : [interpreter]), script, ...args].join('\n')
}

/** An absolute path without double or final slashes and without `.`; undefined where it has a `..`. */
export function plainPath(path: string): string | undefined {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  return parts.includes('..') ? undefined : `/${parts.join('/')}`
}

/** An interpreter with its arguments, as it is compared. */
export function plainInterpreter(words: string): string {
  return words.trim().split(/\s+/).join(' ')
}
