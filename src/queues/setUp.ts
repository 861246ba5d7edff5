import * as v from 'valibot'
import { QueueName } from '../protocol/names.ts'
import { type Localizable, LocalizableError, listOf, say } from '../text/localizable.ts'
import type { Environment } from './environment.ts'
import type { QueueAttributes, QueueSettings, QueueTags } from './queueAttributes.ts'
import { QueueError } from './queueError.ts'
import type { Queues } from './queues.ts'
import { createTagged, missingTags, queueTags, readTags } from './queueTags.ts'

/** The purpose of a queue in its environment. */
export type QueueRole = (typeof queueRoles)[number]

export const queueRoles = ['commands', 'replies', 'facts'] as const

/** Settings that are checked and repaired one by one. In addition, there must be no `redrivePolicy`. */
export const checkedSettings = [
  'visibilitySeconds',
  'retentionSeconds',
  'maximumMessageSize',
  'waitSeconds',
  'delaySeconds',
] as const

export type CheckedSettings = Required<Pick<QueueSettings, (typeof checkedSettings)[number]>>

const shared = {
  // Every receiver gets the same message.
  visibilitySeconds: 0,
  retentionSeconds: 60,
  // What SQS bills as one request.
  maximumMessageSize: 64 * 1024,
  delaySeconds: 0,
}

/** The attributes that the original EC2 Collective requires. */
export const roleSettings: Readonly<Record<QueueRole, CheckedSettings>> = {
  commands: { ...shared, waitSeconds: 20 },
  replies: { ...shared, waitSeconds: 0 },
  facts: { ...shared, waitSeconds: 0 },
}

/** Its tags, where they can be read. */
export type FoundQueue = QueueAttributes & { readonly tags?: QueueTags }

/** Attributes by role; `missing` where the queue does not exist. */
export type FoundQueues = Readonly<Record<QueueRole, FoundQueue | 'missing'>>

/** One change that a set-up makes. */
export type SetUpStep =
  | {
      readonly kind: 'create'
      readonly queue: string
      readonly role: QueueRole
      readonly settings: CheckedSettings
      readonly tags: QueueTags
    }
  | { readonly kind: 'tag'; readonly queue: string; readonly role: QueueRole; readonly tags: QueueTags }
  | {
      readonly kind: 'change'
      readonly queue: string
      readonly role: QueueRole
      /** Only the settings that have to change. */
      readonly settings: QueueSettings
      readonly before: QueueAttributes
    }

/**
 * The steps that give the environment's queues the settings they need; none when nothing has to change.
 * @param owner who creates queues, as AWS says it
 * @throws LocalizableError when a queue name is not valid, two roles share one queue, or another account has to do it
 */
export function planSetUp(environment: Environment, found: FoundQueues, owner?: string): SetUpStep[] {
  checkNames(environment)
  const steps = stepsFor(environment, found, owner)
  if (environment.account !== undefined && steps.length > 0) {
    throw new LocalizableError(
      say(
        'The queues of {0} belong to account {1}. SQS lets only that account create and change them: do it there.',
        environment.name,
        environment.account,
      ),
    )
  }
  return steps
}

function stepsFor(environment: Environment, found: FoundQueues, owner: string | undefined): SetUpStep[] {
  return queueRoles.flatMap((role): SetUpStep[] => {
    const queue = environment.queues[role]
    const before = found[role]
    if (before === 'missing') {
      const tags = queueTags(environment, role, owner)
      return [{ kind: 'create', queue, role, settings: roleSettings[role], tags }]
    }
    const wrong = checkedSettings.filter((setting) => isWrong(before[setting], roleSettings[role][setting]))
    const settings: QueueSettings = {
      ...Object.fromEntries(wrong.map((setting) => [setting, roleSettings[role][setting]])),
      ...(before.redrivePolicy === undefined ? {} : { redrivePolicy: '' }),
    }
    // Who tags a queue that is there is not who owns it.
    const tags = before.tags === undefined ? {} : missingTags(before.tags, queueTags(environment, role))
    const steps: SetUpStep[] = []
    if (Object.keys(settings).length > 0) steps.push({ kind: 'change', queue, role, settings, before })
    if (Object.keys(tags).length > 0) steps.push({ kind: 'tag', queue, role, tags })
    return steps
  })
}

/** Describes the step to the person who confirms it. */
export function describeStep(step: SetUpStep): Localizable {
  if (step.kind === 'tag') {
    const tags = Object.entries(step.tags).map(([key, value]) => say('{0} = {1}', key, value))
    return say('Tag queue {0}: {1}', step.queue, listOf(tags))
  }
  if (step.kind === 'create') {
    const settings = checkedSettings.map((setting) =>
      say('{0} {1}', label[setting], inUnits(setting, step.settings[setting])),
    )
    return say('Create queue {0} for {1}: {2}', step.queue, roleLabel[step.role], listOf(settings))
  }
  const changes = checkedSettings.flatMap((setting) => {
    const value = step.settings[setting]
    if (value === undefined) return []
    const before = step.before[setting]
    const to = inUnits(setting, value)
    return before === undefined
      ? [say('{0} {1}', label[setting], to)]
      : [say('{0} from {1} to {2}', label[setting], inUnits(setting, before), to)]
  })
  if (step.settings.redrivePolicy !== undefined) changes.push(say('redrive policy removed'))
  return say('Change queue {0}: {1}', step.queue, listOf(changes))
}

export async function findQueues(
  queues: Pick<Queues, 'attributes' | 'tags'>,
  environment: Environment,
  signal?: AbortSignal,
): Promise<FoundQueues> {
  const find = async (role: QueueRole) => {
    try {
      const attributes = await queues.attributes(environment.queues[role], signal)
      // SQS lets only the account of the queues tag them.
      const tags =
        environment.account === undefined
          ? await readTags(queues, environment.queues[role], signal)
          : undefined
      return { ...attributes, ...(tags === undefined ? {} : { tags }) }
    } catch (error) {
      if (error instanceof QueueError && error.kind === 'missing-queue') return 'missing' as const
      throw error
    }
  }
  const [commands, replies, facts] = await Promise.all([find('commands'), find('replies'), find('facts')])
  return { commands, replies, facts }
}

/**
 * Executes the steps in order, and reports each before it begins. When a step fails, completed steps stay; a new plan then
 * contains the rest. New queues can be used after one second, changes need up to 60 s (retention 15 min).
 * @throws QueueError
 */
export async function executeSetUp(
  queues: Pick<Queues, 'create' | 'setAttributes' | 'tag'>,
  steps: readonly SetUpStep[],
  onStep?: (step: SetUpStep) => void,
  signal?: AbortSignal,
): Promise<void> {
  for (const step of steps) {
    onStep?.(step)
    if (step.kind === 'create') await createTagged(queues, step.queue, step.settings, step.tags, signal)
    else if (step.kind === 'tag') await queues.tag(step.queue, step.tags, signal)
    else await queues.setAttributes(step.queue, step.settings, signal)
  }
}

/** What the engine does not tell is left alone. */
export function isWrong(is: number | undefined, wanted: number): is is number {
  return is !== undefined && is !== wanted
}

const roleLabel: Readonly<Record<QueueRole, Localizable>> = {
  commands: say('commands'),
  replies: say('replies'),
  facts: say('facts'),
}

/** Names of the settings in SQS's documentation. */
export const label: Readonly<Record<keyof CheckedSettings, Localizable>> = {
  visibilitySeconds: say('visibility timeout'),
  retentionSeconds: say('message retention'),
  maximumMessageSize: say('maximum message size'),
  waitSeconds: say('receive wait time'),
  delaySeconds: say('delivery delay'),
}

/** As in `60 s`, `64 KB`. */
export function inUnits(setting: keyof CheckedSettings, value: number): Localizable {
  if (setting !== 'maximumMessageSize') return say('{0} s', value)
  return value % 1024 === 0 ? say('{0} KB', value / 1024) : say('{0} bytes', value)
}

function checkNames({ name, queues }: Environment): void {
  const names = queueRoles.map((role) => queues[role])
  const wrong = names.find((queue) => !v.is(QueueName, queue))
  if (wrong !== undefined) {
    throw new LocalizableError(
      say(
        '"{0}" in environment {1} is not a valid queue name: use 1 to 80 characters of A-Z a-z 0-9 _ -',
        wrong,
        name,
      ),
    )
  }
  if (new Set(names).size < names.length) {
    throw new LocalizableError(
      say('Environment {0} needs three different queues, but has {1}.', name, names.join(', ')),
    )
  }
}
