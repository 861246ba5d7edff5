import * as v from 'valibot'
import { EnvironmentName, QueueName } from '../protocol/names.ts'
import { defaultQueues, type Environment } from '../queues/environment.ts'
import type { Rollout } from '../run/runRequest.ts'
import { DeclaredDuration, DeclaredRollout } from './declaredRun.ts'
import { parseDuration } from './duration.ts'
import { readRollout } from './rolloutText.ts'

/** What a user calls an environment's colour; the tree and the results page map it to colours of the theme. */
export const colours = ['red', 'orange', 'yellow', 'green', 'blue', 'purple'] as const

/** An environment as it stands in settings and in workspace files. Its name is the key under which it stands. */
export const EnvironmentDeclaration = v.strictObject({
  region: v.pipe(v.string(), v.regex(/^[a-z]{2,}(-[a-z]+)+-\d+$/, 'an AWS region such as eu-west-1')),
  profile: v.optional(v.pipe(v.string(), v.minLength(1, 'the name of an AWS profile'))),
  endpoint: v.optional(
    v.pipe(
      v.string(),
      v.check(isEndpoint, 'a URL with http or https, such as https://sqs.eu-west-1.amazonaws.com'),
    ),
  ),
  queues: v.optional(
    v.strictObject({
      commands: v.optional(QueueName),
      replies: v.optional(QueueName),
      facts: v.optional(QueueName),
    }),
  ),
  protected: v.optional(v.boolean('true or false')),
  colour: v.optional(v.picklist(colours, `one of ${colours.join(', ')}`)),
  timeout: v.optional(DeclaredDuration),
  rollout: v.optional(DeclaredRollout),
})

export type EnvironmentDeclaration = v.InferOutput<typeof EnvironmentDeclaration>

/** What a run in this environment starts from unless it says otherwise. */
export interface RunDefaults {
  readonly timeoutMs: number | undefined
  readonly rollout: Rollout | undefined
}

/** What is wrong with a declaration, and at which of its keys. */
export interface DeclarationProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

export type ReadEnvironment =
  | { readonly ok: true; readonly environment: Environment; readonly defaults: RunDefaults }
  | { readonly ok: false; readonly problems: readonly DeclarationProblem[] }

/** Parses what somebody wrote down under the name `name`. */
export function readEnvironment(name: string, declared: unknown): ReadEnvironment {
  const problems: DeclarationProblem[] = []
  const named = v.safeParse(EnvironmentName, name)
  if (!named.success) problems.push({ path: [], message: `“${name}” is not ${named.issues[0].message}.` })
  const parsed = v.safeParse(EnvironmentDeclaration, declared)
  if (!parsed.success) problems.push(...parsed.issues.map(describeIssue))
  if (!parsed.success || problems.length > 0) return { ok: false, problems }
  const { region, profile, endpoint, queues, colour, timeout, rollout } = parsed.output
  const standard = defaultQueues(name)
  const environment: Environment = {
    name,
    region,
    ...(profile !== undefined && { profile }),
    ...(endpoint !== undefined && { endpoint }),
    queues: {
      commands: queues?.commands ?? standard.commands,
      replies: queues?.replies ?? standard.replies,
      facts: queues?.facts ?? standard.facts,
    },
    protected: parsed.output.protected ?? false,
    ...(colour !== undefined && { colour }),
  }
  return {
    ok: true,
    environment,
    defaults: {
      timeoutMs: timeout === undefined ? undefined : parseDuration(String(timeout)),
      rollout: rollout === undefined ? undefined : readRollout(rollout),
    },
  }
}

/** Says in words what a schema found wrong, and where. Unknown keys are named. */
export function describeIssue(issue: v.BaseIssue<unknown>): DeclarationProblem {
  const path = (issue.path ?? []).map((item) => item.key as string | number)
  const key = path.at(-1)
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    return { path, message: `“${String(key)}” is not known here.` }
  }
  if (issue.received === 'undefined') {
    // A missing key stands nowhere: the problem is the object's.
    return { path: path.slice(0, -1), message: `“${String(key)}” is missing.` }
  }
  const wanted = issue.message.startsWith('Invalid')
    ? `expects ${issue.expected ?? 'something else'}`
    : undefined
  if (key === undefined) return { path, message: `This ${wanted ?? `must be ${issue.message}`}.` }
  return { path, message: `“${String(key)}” ${wanted ?? `must be ${issue.message}`}.` }
}

function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol } = new URL(text)
  return protocol === 'http:' || protocol === 'https:'
}
