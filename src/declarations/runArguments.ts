import * as v from 'valibot'
import type { RunRequest } from '../run/runRequest.ts'
import { DeclaredDuration, DeclaredFilter, DeclaredRollout } from './declaredRun.ts'
import { describeIssue } from './environmentDeclaration.ts'

/** What a keybinding, a task or another extension can say of a run; the flow asks for what is missing. */
export const RunArguments = v.strictObject({
  /** Name of an environment. */
  environment: v.optional(v.string()),
  filter: v.optional(DeclaredFilter),
  /** Agent ids. */
  targets: v.optional(v.array(v.string())),
  /** Shell command. */
  command: v.optional(v.pipe(v.string(), v.minLength(1, 'a command'))),
  /** Path of a script, relative to the workspace folder. */
  file: v.optional(v.pipe(v.string(), v.minLength(1, 'a path'))),
  /** Parameters of the script. */
  args: v.optional(v.array(v.string())),
  interpreter: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(255))),
  /** Name of a snippet. */
  snippet: v.optional(v.string()),
  /** Values of the snippet's inputs; the others are asked for. */
  inputs: v.optional(v.record(v.string(), v.string())),
  timeout: v.optional(DeclaredDuration),
  rollout: v.optional(DeclaredRollout),
  user: v.optional(v.string()),
  directory: v.optional(v.pipe(v.string(), v.startsWith('/', 'an absolute directory'))),
  /** `false`: no question before sending, except where the environment is protected. */
  confirm: v.optional(v.boolean('true or false')),
})

export type RunArguments = v.InferOutput<typeof RunArguments>

/**
 * @throws Error that names what is wrong; arguments come from hand-written JSON
 */
export function parseRunArguments(value: unknown): RunArguments {
  const parsed = v.safeParse(RunArguments, value ?? {})
  if (!parsed.success) throw new Error(parsed.issues.map((issue) => describeIssue(issue).message).join(' '))
  const { command, file, snippet } = parsed.output
  if ([command, file, snippet].filter((what) => what !== undefined).length > 1) {
    throw new Error('Only one of command, file and snippet can be run.')
  }
  return parsed.output
}

export type ExecutionFields = Pick<
  Extract<RunRequest['action'], { kind: 'shell' }>,
  'user' | 'directory' | 'environment'
>
