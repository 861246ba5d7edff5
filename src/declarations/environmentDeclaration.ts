import * as v from 'valibot'
import { EnvironmentName, QueueName, RoleId } from '../protocol/names.ts'
import { AccountId } from '../queues/accountId.ts'
import { Endpoint } from '../queues/endpoint.ts'
import { defaultQueues, type Environment } from '../queues/environment.ts'
import { ExtraTags } from '../queues/queueTags.ts'
import { regionPattern } from '../queues/region.ts'
import { readRollout, writeRollout } from '../run/rolloutText.ts'
import type { Rollout } from '../run/runRequest.ts'
import { keyReferencePattern } from '../signing/keyReference.ts'
import { parseDuration } from '../text/duration.ts'
import { say } from '../text/localizable.ts'
import {
  closedObject,
  DeclaredDuration,
  DeclaredRollout,
  described,
  Flag,
  rolloutMeaning,
} from './declaredValues.ts'
import { isMap } from './isMap.ts'
import { type DeclarationProblem, describeIssue } from './problems.ts'

/** Names of the colours of environments; the tree and the results page map them to colours of the theme. */
export const colours = ['red', 'orange', 'yellow', 'green', 'blue', 'purple'] as const

export const DeclaredQueues = closedObject({
  commands: described(v.optional(QueueName), 'Commands to the agents. Default: `NAME_master`.'),
  replies: described(v.optional(QueueName), 'Replies that all masters share. Default: `NAME_agent`.'),
  facts: described(v.optional(QueueName), 'Facts from the agents. Default: `NAME_facts`.'),
})

const environmentEntries = {
  region: described(
    v.optional(
      v.pipe(
        v.string(say('an AWS region such as eu-west-1').text),
        v.regex(regionPattern, say('an AWS region such as eu-west-1').text),
        v.examples(['eu-west-1']),
      ),
    ),
    'AWS region of the queues. Default: the region of the profile.',
  ),
  profile: described(
    v.optional(
      v.pipe(
        v.string(say('the name of an AWS profile').text),
        v.minLength(1, say('the name of an AWS profile').text),
      ),
    ),
    'AWS profile for this environment. Default: the chosen profile.',
  ),
  protected: described(
    v.optional(Flag),
    'Ask for the environment’s name before every run, wherever the run is started from. Default: `false`.',
  ),
  colour: described(
    v.optional(v.picklist(colours, colours.join(', '))),
    'Colour of the environment wherever it is shown.',
  ),
  timeout: described(
    v.optional(DeclaredDuration),
    'Agents stop a command after this time, unless the run says otherwise: seconds, or `90s`, `10m`.',
  ),
  rollout: described(v.optional(DeclaredRollout), rolloutMeaning),
  queues: described(v.optional(DeclaredQueues), 'Queue names, if they differ from the default.'),
  agentRoles: described(
    v.optional(v.array(RoleId, say('a list of role IDs').text)),
    'IDs of the IAM roles of the servers (`AROA…`, as `aws iam get-role` shows them). Only they prove that a message is from the instance that it names. Default: for each instance, the first role that proved it.',
  ),
  account: described(
    v.optional(AccountId),
    'AWS account that owns the queues, if it is not that of the profile: 12 digits in quotes. Masters then share the reply queue, as they cannot create one there.',
  ),
  tags: described(
    v.optional(ExtraTags),
    'Tags of queues that are created, for organisations that demand some: `CostCenter: "42"`. Additional to `ec2-collective:product`, `…:environment`, `…:purpose`, `…:owner` and `…:last-used`.',
  ),
  endpoint: described(
    v.optional(Endpoint),
    'SQS endpoint if it is not AWS’s own: a VPC endpoint, or an emulator. `http://` is only for this machine.',
  ),
}

/** An environment in workspace files. Its name is its key there. */
export const EnvironmentDeclaration = closedObject(environmentEntries)

export type EnvironmentDeclaration = v.InferOutput<typeof EnvironmentDeclaration>

const wrongKey = say('NAME=FILE, NAME=ssh-agent:KEY or NAME=editor:FINGERPRINT').text

/** An environment in settings. Only the user's own may name a key. */
export const SettingsEnvironment = closedObject({
  ...environmentEntries,
  signingKey: described(
    v.optional(v.pipe(v.string(wrongKey), v.regex(new RegExp(`^$|${keyReferencePattern}`), wrongKey))),
    'Key that signs commands in this environment, instead of `ec2Collective.signingKey`; empty: none. Only in your user settings, as a workspace cannot make you sign.',
  ),
})

/** Defaults of runs in this environment. */
export interface RunDefaults {
  readonly timeoutMs: number | undefined
  readonly rollout: Rollout | undefined
}

/** An environment as it is declared: without a region it is in that of its profile, which is another one on each computer. */
export type EnvironmentAsDeclared = Omit<Environment, 'region'> & Partial<Pick<Environment, 'region'>>

export type ReadEnvironment<E = EnvironmentAsDeclared> =
  | {
      readonly ok: true
      readonly environment: E
      readonly defaults: RunDefaults
      /** See `readKeyReference`; empty: commands are not signed, whatever the general setting says. */
      readonly signingKey?: string
    }
  | { readonly ok: false; readonly problems: readonly DeclarationProblem[] }

/**
 * Parses the declaration of environment `name`. Reports all problems.
 * @param owner of the settings or the file in which it stands: a workspace cannot name a key of the user's
 */
export function readEnvironment(
  name: string,
  declared: unknown,
  owner: 'user' | 'workspace' = 'workspace',
): ReadEnvironment {
  const problems: DeclarationProblem[] = []
  if (!v.is(EnvironmentName, name)) {
    problems.push({
      path: [],
      message: say('“{0}” is not an environment name: use 1 to 48 letters, digits, _ or -.', name),
    })
  }
  const parsed = v.safeParse(SettingsEnvironment, declared)
  if (owner === 'workspace' && isMap(declared) && 'signingKey' in declared) {
    problems.push({
      path: ['signingKey'],
      message: say(
        'Only your user settings can name a signing key. Remove it here, and run “Set Up Signing…”.',
      ),
    })
  }
  if (!parsed.success) problems.push(...parsed.issues.map(describeIssue))
  if (!parsed.success || problems.length > 0) return { ok: false, problems }
  const { region, profile, endpoint, account, queues, colour } = parsed.output
  const { timeout, rollout, agentRoles, signingKey, tags } = parsed.output
  const standard = defaultQueues(name)
  const environment: EnvironmentAsDeclared = {
    name,
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(endpoint !== undefined && { endpoint }),
    ...(account !== undefined && { account }),
    queues: {
      commands: queues?.commands ?? standard.commands,
      replies: queues?.replies ?? standard.replies,
      facts: queues?.facts ?? standard.facts,
    },
    protected: parsed.output.protected ?? false,
    ...(colour !== undefined && { colour }),
    ...(agentRoles !== undefined && { agentRoles }),
    ...(tags !== undefined && { tags }),
  }
  return {
    ok: true,
    environment,
    defaults: {
      timeoutMs: timeout === undefined ? undefined : parseDuration(String(timeout)),
      rollout: rollout === undefined ? undefined : readRollout(rollout),
    },
    ...(signingKey !== undefined && { signingKey }),
  }
}

/** The declaration of an environment that was read: what {@link readEnvironment} reads the same from. */
export function declarationOf({
  environment,
  defaults: { timeoutMs, rollout },
}: Pick<Extract<ReadEnvironment, { ok: true }>, 'environment' | 'defaults'>): EnvironmentDeclaration {
  const { name, region, profile, endpoint, account, queues, agentRoles, tags } = environment
  const colour = colours.find((each) => each === environment.colour)
  const hasOwnQueues = JSON.stringify(queues) !== JSON.stringify(defaultQueues(name))
  return {
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(environment.protected && { protected: true }),
    ...(colour !== undefined && { colour }),
    ...(timeoutMs !== undefined && { timeout: `${timeoutMs}ms` }),
    ...(rollout !== undefined && { rollout: writeRollout(rollout) }),
    ...(hasOwnQueues && { queues }),
    ...(agentRoles !== undefined && { agentRoles: [...agentRoles] }),
    ...(account !== undefined && { account }),
    ...(tags !== undefined && { tags: { ...tags } }),
    ...(endpoint !== undefined && { endpoint }),
  }
}
