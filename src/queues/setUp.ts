import * as v from 'valibot'
import { QueueName } from '../protocol/names.ts'
import type { Environment } from './environment.ts'
import type { QueueAttributes, QueueSettings } from './queueAttributes.ts'
import { QueueError } from './queueError.ts'
import type { Queues } from './queues.ts'

/** What a queue is for in its environment. */
export type QueueRole = (typeof queueRoles)[number]

export const queueRoles = ['commands', 'replies', 'facts'] as const

/** Settings that are checked and repaired one by one; `redrivePolicy` besides must be absent. */
export const checkedSettings = [
  'visibilitySeconds',
  'retentionSeconds',
  'maximumMessageSize',
  'waitSeconds',
  'delaySeconds',
] as const

export type CheckedSettings = Required<Pick<QueueSettings, (typeof checkedSettings)[number]>>

const shared = {
  // Everyone who receives sees the same message.
  visibilitySeconds: 0,
  retentionSeconds: 60,
  // What SQS bills as one request.
  maximumMessageSize: 64 * 1024,
  delaySeconds: 0,
}

/** The attributes that the original asked for. */
export const roleSettings: Readonly<Record<QueueRole, CheckedSettings>> = {
  commands: { ...shared, waitSeconds: 20 },
  replies: { ...shared, waitSeconds: 0 },
  facts: { ...shared, waitSeconds: 0 },
}

/** Attributes by role; `missing` where there is no such queue. */
export type FoundQueues = Readonly<Record<QueueRole, QueueAttributes | 'missing'>>

/** One thing that a set-up would do. */
export type SetUpStep =
  | {
      readonly kind: 'create'
      readonly queue: string
      readonly role: QueueRole
      readonly settings: CheckedSettings
    }
  | {
      readonly kind: 'change'
      readonly queue: string
      readonly role: QueueRole
      /** Only what is not as it should be. */
      readonly settings: QueueSettings
      readonly before: QueueAttributes
    }

/**
 * What must be done until the environment's queues are as they should be; nothing when they are.
 * @throws Error when a queue name is none, or two roles share one
 */
export function planSetUp(environment: Environment, found: FoundQueues): SetUpStep[] {
  checkNames(environment)
  return queueRoles.flatMap((role): SetUpStep[] => {
    const queue = environment.queues[role]
    const before = found[role]
    if (before === 'missing') return [{ kind: 'create', queue, role, settings: roleSettings[role] }]
    const wrong = checkedSettings.filter((setting) => before[setting] !== roleSettings[role][setting])
    const settings: QueueSettings = {
      ...Object.fromEntries(wrong.map((setting) => [setting, roleSettings[role][setting]])),
      ...(before.redrivePolicy === undefined ? {} : { redrivePolicy: '' }),
    }
    return Object.keys(settings).length === 0 ? [] : [{ kind: 'change', queue, role, settings, before }]
  })
}

/** One sentence for the person who is to agree. */
export function describeStep(step: SetUpStep): string {
  if (step.kind === 'create') {
    const settings = checkedSettings.map(
      (setting) => `${label[setting]} ${inUnits(setting, step.settings[setting])}`,
    )
    return `Create queue ${step.queue} for ${step.role}: ${settings.join(', ')}`
  }
  const changes = checkedSettings.flatMap((setting) => {
    const value = step.settings[setting]
    if (value === undefined) return []
    return [`${label[setting]} from ${inUnits(setting, step.before[setting])} to ${inUnits(setting, value)}`]
  })
  if (step.settings.redrivePolicy !== undefined) changes.push('redrive policy taken away')
  return `Change queue ${step.queue}: ${changes.join(', ')}`
}

export async function findQueues(
  queues: Pick<Queues, 'attributes'>,
  environment: Environment,
  signal?: AbortSignal,
): Promise<FoundQueues> {
  const find = async (role: QueueRole) => {
    try {
      return await queues.attributes(environment.queues[role], signal)
    } catch (error) {
      if (error instanceof QueueError && error.kind === 'missing-queue') return 'missing' as const
      throw error
    }
  }
  const [commands, replies, facts] = await Promise.all([find('commands'), find('replies'), find('facts')])
  return { commands, replies, facts }
}

/**
 * Does the steps in order, telling each before it begins. What was done stays done when a later step fails; a
 * new plan then holds the rest. New queues may be used after one second, changes take up to 60 s (retention 15 min).
 * @throws QueueError
 */
export async function executeSetUp(
  queues: Pick<Queues, 'create' | 'setAttributes'>,
  steps: readonly SetUpStep[],
  onStep?: (step: SetUpStep) => void,
  signal?: AbortSignal,
): Promise<void> {
  for (const step of steps) {
    onStep?.(step)
    if (step.kind === 'create') await queues.create(step.queue, step.settings, signal)
    else await queues.setAttributes(step.queue, step.settings, signal)
  }
}

/** How people call a setting. */
export const label: Readonly<Record<keyof CheckedSettings, string>> = {
  visibilitySeconds: 'visibility timeout',
  retentionSeconds: 'retention',
  maximumMessageSize: 'maximum message size',
  waitSeconds: 'receive wait time',
  delaySeconds: 'delivery delay',
}

/** As in `60 s`, `64 KB`. */
export function inUnits(setting: keyof CheckedSettings, value: number): string {
  if (setting !== 'maximumMessageSize') return `${value} s`
  return value % 1024 === 0 ? `${value / 1024} KB` : `${value} bytes`
}

function checkNames({ name, queues }: Environment): void {
  const names = queueRoles.map((role) => queues[role])
  const wrong = names.find((queue) => !v.is(QueueName, queue))
  if (wrong !== undefined) {
    throw new Error(`"${wrong}" of environment ${name} is not a queue name: 1 to 80 of A-Z a-z 0-9 _ -`)
  }
  if (new Set(names).size < names.length) {
    throw new Error(`The environment ${name} needs three different queues, and has ${names.join(', ')}`)
  }
}
