import type { Probe } from './probe.ts'
import { isClockCode, type QueueError } from './queueError.ts'
import { checkedSettings, inUnits, label, type QueueRole, queueRoles, roleSettings } from './setUp.ts'

/** Something about an environment's queues that is not as it should be. */
export interface Finding {
  readonly code: FindingCode
  /** `error`: commands, replies or servers get lost. `warning`: slower, dearer, or odd. */
  readonly severity: 'error' | 'warning'
  /** Queue name; empty where the finding is about the environment. */
  readonly queue: string
  /** What is wrong, in one sentence. */
  readonly what: string
  /** What it does to the user. */
  readonly why: string
  /** What to do. */
  readonly advice: string
  /** What we can do about it: run a set-up plan, or give the IAM statement that is missing. */
  readonly fix?: 'set-up' | { readonly allow: { readonly action: string; readonly queue: string } }
}

export type FindingCode =
  | 'missing-queue'
  | 'wrong-region'
  | 'wrong-attribute'
  | 'redrive-policy'
  | 'hidden-messages'
  | 'many-commands'
  | 'unreachable'
  | 'credentials'
  | 'forbidden'
  | 'clock'
  | 'failed'

/** More visible messages than one receive returns hide one another. */
const commandsInOneReceive = 10

/** Beyond this a clock is wrong rather than imprecise, milliseconds. AWS refuses signatures from 5 min on. */
const clockToleranceMs = 10_000

/** Judges a probe. Errors first; what is wrong with the connection as a whole is said once. */
export function inspectSurvey(probe: Probe): Finding[] {
  const findings = [
    ...unusable(probe),
    ...queueRoles.flatMap((role) => [
      ...wrongAttributes(probe, role),
      ...redrivePolicy(probe, role),
      ...hiddenMessages(probe, role),
    ]),
    ...manyCommands(probe),
    ...forbidden(probe),
    ...clock(probe),
  ]
  return findings.sort((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'))
}

function unusable({ environment, queues }: Probe): Finding[] {
  const { region, endpoint } = environment
  const errors = queueRoles.flatMap((role) => {
    const found = queues[role]
    return 'error' in found ? [{ role, error: found.error }] : []
  })
  const everywhere = errors.length === queueRoles.length
  if (everywhere && errors.every(({ error }) => error.kind === 'missing-queue')) {
    const place = endpoint === undefined ? `region ${region}` : `${endpoint} (region ${region})`
    return [
      {
        code: 'wrong-region',
        severity: 'error',
        queue: '',
        what: `None of the three queues of ${environment.name} exists in ${place}.`,
        why: 'No command can be sent, and no agent can listen.',
        advice:
          'If this environment is in use elsewhere, correct its region, endpoint, profile or queue names. If it is new, create its queues.',
        fix: 'set-up',
      },
    ]
  }
  const said = new Set<string>()
  return errors.flatMap(({ role, error }) => {
    const { severity, code, why, advice } = meaning(error, role)
    const general = code === 'unreachable' || code === 'credentials' || code === 'clock'
    if (general && said.has(code)) return []
    said.add(code)
    const finding: Finding = {
      code,
      severity,
      queue: general ? '' : error.queue,
      what: error.message,
      why,
      advice,
    }
    if (error.kind === 'missing-queue') return [{ ...finding, fix: 'set-up' as const }]
    if (error.kind === 'forbidden')
      return [{ ...finding, fix: { allow: { action: error.action, queue: error.queue } } }]
    return [finding]
  })
}

function meaning(error: QueueError, role: QueueRole): Pick<Finding, 'code' | 'severity' | 'why' | 'advice'> {
  switch (error.kind) {
    case 'missing-queue':
      return { code: 'missing-queue', severity: 'error', why: needed[role], advice: 'Create the queue.' }
    case 'forbidden':
      return {
        code: 'forbidden',
        severity: 'error',
        why: 'Without this the queue cannot be used, or not be looked at.',
        advice: `Let ${error.action} on ${error.queue} be added to your IAM policy.`,
      }
    case 'credentials':
      if (isClockCode(error.code)) {
        return {
          code: 'clock',
          severity: 'error',
          why: 'AWS takes no request from it.',
          advice: 'Set the clock.',
        }
      }
      return {
        code: 'credentials',
        severity: 'error',
        why: 'AWS takes no request from you.',
        advice: /expired/i.test(error.message)
          ? 'Log in again, or renew the keys; they are read afresh, without a reload.'
          : 'Choose another AWS profile, or correct this one; it is read afresh, without a reload.',
      }
    case 'network':
    case 'throttled':
      return {
        code: 'unreachable',
        severity: 'error',
        why: 'Nothing can be sent or received while it lasts.',
        advice:
          'Check network, proxy, region and endpoint. A name that does not resolve is mostly a region misspelt.',
      }
    case 'invalid':
    case 'unknown':
      return {
        code: 'failed',
        severity: 'error',
        why: needed[role],
        advice: 'See the log for the full answer of SQS.',
      }
  }
}

const needed: Readonly<Record<QueueRole, string>> = {
  commands: 'Commands go through this queue to the agents.',
  replies: 'Replies go through this queue to masters that have none of their own.',
  facts: 'Through this queue the agents tell that they are there, and what they are.',
}

function wrongAttributes({ environment, queues }: Probe, role: QueueRole): Finding[] {
  const found = queues[role]
  if (!('attributes' in found)) return []
  return checkedSettings.flatMap((setting): Finding[] => {
    const is = found.attributes[setting]
    const should = roleSettings[role][setting]
    if (is === should) return []
    const { severity, why } = attributeTrouble(role, setting, is > should)
    return [
      {
        code: 'wrong-attribute',
        severity,
        queue: environment.queues[role],
        what: `The ${label[setting]} of ${environment.queues[role]} is ${inUnits(setting, is)}; it should be ${inUnits(setting, should)}.`,
        why,
        advice: 'Repair the queue.',
        fix: 'set-up',
      },
    ]
  })
}

function attributeTrouble(
  role: QueueRole,
  setting: (typeof checkedSettings)[number],
  above: boolean,
): Pick<Finding, 'severity' | 'why'> {
  switch (setting) {
    case 'visibilitySeconds':
      if (role === 'commands') {
        return {
          severity: 'warning',
          why: 'An agent that leaves it to the queue hides commands from the others.',
        }
      }
      return {
        severity: 'warning',
        why: 'A reader that leaves it to the queue hides messages from other masters.',
      }
    case 'retentionSeconds':
      if (role === 'facts') {
        return {
          severity: 'error',
          why: 'Facts of the past pile up, and servers that are gone seem to be there.',
        }
      }
      if (role === 'commands') {
        return { severity: 'warning', why: 'Old commands stay in the way of new ones.' }
      }
      return { severity: 'warning', why: 'Replies that nobody takes stay in the way of new ones.' }
    case 'maximumMessageSize':
      return above
        ? { severity: 'warning', why: 'Messages beyond 64 KB are billed as several requests.' }
        : { severity: 'warning', why: 'Large facts and scripts do not fit, and output takes more messages.' }
    case 'waitSeconds':
      return above
        ? { severity: 'warning', why: 'A reader that leaves it to the queue waits where it should not.' }
        : {
            severity: 'warning',
            why: 'An agent that leaves it to the queue misses commands, and asks too often.',
          }
    case 'delaySeconds':
      return { severity: 'error', why: 'Every message comes late by this time.' }
  }
}

function redrivePolicy({ environment, queues }: Probe, role: QueueRole): Finding[] {
  const found = queues[role]
  if (!('attributes' in found) || found.attributes.redrivePolicy === undefined) return []
  const queue = environment.queues[role]
  return [
    {
      code: 'redrive-policy',
      severity: role === 'replies' ? 'warning' : 'error',
      queue,
      what: `${queue} has a redrive policy, so messages that were received several times go to another queue.`,
      why:
        role === 'replies'
          ? 'Masters that share the queue put back what is not theirs, so replies may be moved away.'
          : 'Everyone receives every message here: it is moved away before all have seen it.',
      advice: 'Take the redrive policy away.',
      fix: 'set-up',
    },
  ]
}

function hiddenMessages({ environment, queues }: Probe, role: QueueRole): Finding[] {
  const found = queues[role]
  // Masters hide facts while they sweep them, and shared replies while they sort them.
  if (role !== 'commands' || !('attributes' in found) || found.hidden === 0) return []
  const queue = environment.queues[role]
  return [
    {
      code: 'hidden-messages',
      severity: 'error',
      queue,
      what: `Somebody hides ${found.hidden} ${found.hidden === 1 ? 'command' : 'commands'} on ${queue} from the agents.`,
      why: 'Whoever receives with a visibility timeout keeps commands from all others for that time.',
      advice:
        'Find who receives from this queue besides the agents: an agent of another make, a console, a Lambda trigger. Hidden commands expire with the queue’s retention.',
    },
  ]
}

function manyCommands({ environment, queues }: Probe): Finding[] {
  const found = queues.commands
  if (!('attributes' in found) || found.attributes.visible <= commandsInOneReceive) return []
  return [
    {
      code: 'many-commands',
      severity: 'warning',
      queue: environment.queues.commands,
      what: `${found.attributes.visible} commands are visible on ${environment.queues.commands} at once.`,
      why: `A receive returns at most ${commandsInOneReceive}, so agents find new commands late.`,
      advice:
        'Wait until runs are over: their commands are then deleted, or expire within a minute. Send less often, or spread the fleet over environments.',
    },
  ]
}

function forbidden({ permissions, side }: Probe): Finding[] {
  return permissions.flatMap(({ action, queue, refusal }): Finding[] => {
    // Reading the attributes came first, and was told there.
    if (refusal === undefined || action === 'sqs:GetQueueAttributes') return []
    return [
      {
        code: 'forbidden',
        severity: 'error',
        queue,
        what: refusal.message,
        why: `The ${side} needs ${action} on ${queue}.`,
        advice: `Let ${action} on ${queue} be added to the IAM policy.`,
        fix: { allow: { action, queue } },
      },
    ]
  })
}

function clock({ clockOffsetMs }: Probe): Finding[] {
  if (clockOffsetMs === undefined || Math.abs(clockOffsetMs) <= clockToleranceMs) return []
  const seconds = Math.round(Math.abs(clockOffsetMs) / 1000)
  return [
    {
      code: 'clock',
      severity: 'warning',
      queue: '',
      what: `This machine's clock is ${seconds} s ${clockOffsetMs > 0 ? 'behind' : 'ahead of'} SQS's.`,
      why: 'Times that it shows are wrong, and from five minutes on AWS refuses its signatures.',
      advice: 'Set the clock, best by a time service.',
    },
  ]
}
