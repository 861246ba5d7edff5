import * as v from 'valibot'
import { EnvironmentName } from '../protocol/names.ts'
import { keyReferencePattern } from '../signing/keyReference.ts'
import { DurationText } from './declaredValues.ts'
import { SettingsEnvironment } from './environmentDeclaration.ts'
import { isMap } from './isMap.ts'

/** All settings begin with this. */
export const settingsSection = 'ec2Collective'

/** Their prefix until 0.1. Old settings are still read, and moved when the user agrees. */
export const oldSettingsSection = 'ec2-collective'

type Scope = 'resource' | 'window' | 'machine'

function setting<Schema extends v.GenericSchema>(scope: Scope, schema: Schema, meaning: string) {
  return v.pipe(schema, v.description(meaning), v.metadata({ scope }))
}

const Whole = v.pipe(v.number(), v.integer(), v.minValue(1))

/**
 * The settings, by their name after `ec2Collective.`: type, default and meaning, for the manifest
 * (`npm run declarations`) and for the code that reads them. Environments are read one by one, so that an invalid one leaves
 * the others usable.
 */
export const settings = {
  environments: setting(
    'resource',
    v.optional(v.record(EnvironmentName, SettingsEnvironment), {}),
    `Environments by name: each a set of three SQS queues, so that a command for one never reaches the servers of another.

\`\`\`json
"testing": { "region": "eu-west-1", "colour": "green" },
"production": { "region": "eu-west-1", "protected": true, "colour": "red" }
\`\`\`

Environments that a team shares belong in \`.vscode/ec2-collective.yaml\` in the repository. A workspace cannot change an environment that your user settings define.`,
  ),
  profile: setting(
    'window',
    v.optional(v.string(), ''),
    'AWS profile for environments without one. Empty: the default chain of the AWS CLI (`AWS_PROFILE`, keys in environment variables, `default`). Changed files in `~/.aws` are picked up without a reload.',
  ),
  groupBy: setting(
    'window',
    v.optional(v.string(), 'role'),
    'Fact by which agents are grouped in the Environments view, such as `role` or `os.family`. Empty: no groups.',
  ),
  defaultTimeout: setting(
    'window',
    // Text, so that the settings editor shows an input for it; numbers are read, too.
    v.optional(v.pipe(DurationText, v.metadata({ type: 'string', exclusiveMinimum: undefined })), '60s'),
    'Agents stop a command after this time, unless the environment or the run says otherwise: seconds, or `90s`, `10m`.',
  ),
  'history.maxRuns': setting(
    'window',
    v.optional(Whole, 1000),
    'Number of runs to keep in the history of a workspace, with their outputs.',
  ),
  'history.maxDays': setting(
    'window',
    v.optional(Whole, 90),
    'Number of days after which runs are deleted from the history.',
  ),
  'history.maxMegabytes': setting(
    'window',
    v.optional(Whole, 2048),
    'Disk space for the history of a workspace, in megabytes. The oldest runs are deleted first.',
  ),
  'results.reuseTab': setting(
    'window',
    v.optional(v.boolean(), true),
    'Show the next run in the tab of the one before, unless that tab is pinned. The earlier run goes on, and is in the history.',
  ),
  'results.openBeside': setting(
    'window',
    v.optional(v.boolean(), false),
    'Open results beside the active editor instead of over it.',
  ),
  'results.tellWhenOver': setting(
    'window',
    v.optional(v.boolean(), true),
    'Show a notification when a run of more than 10 seconds ends while its results are not visible, or the window is in the background.',
  ),
  'results.shortcuts': setting(
    'window',
    v.optional(v.boolean(), true),
    'Keys without Ctrl or Alt on the results page: `/`, `j`, `k`, `r`, `?`. Turn them off if your screen reader or speech control types them.',
  ),
  signingKey: setting(
    'machine',
    v.optional(v.pipe(v.string(), v.metadata({ pattern: `^$|${keyReferencePattern}` })), ''),
    'Key that signs commands in the environments of your user settings, for agents whose policy requires it: `NAME=FILE`, the name of the key in the policy, and a file with an ed25519 private key (OpenSSH or PEM) that only you can read; `NAME=ssh-agent:SHA256:…` for a key of your SSH agent; `NAME=editor:SHA256:…` for one that _Set Up Signing…_ has created. Empty: commands are not signed.',
  ),
} as const

/**
 * The value of a setting in one scope, merged from its current and its old name.
 * @param current the value under the current name, `old` under the old one
 */
export function withoutOldName(name: SettingName, { current, old }: ScopedValue): unknown {
  if (name === 'environments') return mergedEnvironments(current, old)
  const value = current ?? old
  // The settings editor has an input only for text.
  return name === 'defaultTimeout' && typeof value === 'number' ? `${value}s` : value
}

/** The values of a setting in one scope: under its current name, and under its old one. */
export interface ScopedValue {
  readonly current: unknown
  readonly old: unknown
}

/**
 * Environments by name, from the current setting, otherwise from the old one. An environment is protected if it is so in
 * either. Undefined when neither has any.
 */
export function mergedEnvironments(current: unknown, old: unknown): Record<string, unknown> | undefined {
  if (!isMap(current) && !isMap(old)) return undefined
  const [now, before] = [isMap(current) ? current : {}, isMap(old) ? old : {}]
  const names = new Set([...Object.keys(now), ...Object.keys(before)])
  return Object.fromEntries(
    [...names].map((name) => {
      const [mine, was] = [entryOf(now, name), entryOf(before, name)]
      return [name, isMap(mine) && isProtected(was) ? { ...mine, protected: true } : (mine ?? was)]
    }),
  )
}

/** Whether a declaration asks for protection in any form, even if it is invalid otherwise. */
export function isProtected(declared: unknown): boolean {
  return isMap(declared) && 'protected' in declared && String(declared.protected).toLowerCase() !== 'false'
}

function entryOf(map: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(map, name) ? map[name] : undefined
}

export type SettingName = keyof typeof settings

export const settingNames = Object.keys(settings) as readonly SettingName[]

/** Those that have an old name, too: the others are newer. */
export const renamedSettings: readonly string[] = settingNames.filter((name) => !name.startsWith('results.'))
