import { type Localizable, say } from '../text/localizable.ts'
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
  readonly what: Localizable
  /** What it does to the user. */
  readonly why: Localizable
  /** What to do. */
  readonly advice: Localizable
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
export function diagnoseProbe(probe: Probe): Finding[] {
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
    return [
      {
        code: 'wrong-region',
        severity: 'error',
        queue: '',
        what:
          endpoint === undefined
            ? say('None of the three queues of {0} exists in region {1}.', environment.name, region)
            : say(
                'None of the three queues of {0} exists at {1} (region {2}).',
                environment.name,
                endpoint,
                region,
              ),
        why: say('No command can be sent, and no agent can receive one.'),
        advice: say(
          'If this environment is in use elsewhere, correct its region, endpoint, profile or queue names. If it is new, create its queues.',
        ),
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
      what: error.localizable,
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
      return { code: 'missing-queue', severity: 'error', why: needed[role], advice: say('Create the queue.') }
    case 'forbidden':
      return {
        code: 'forbidden',
        severity: 'error',
        why: say('Without this permission the queue cannot be used, or cannot be checked.'),
        advice: askToAllow(error.action, error.queue),
      }
    case 'credentials':
      if (isClockCode(error.code)) {
        return { code: 'clock', severity: 'error', why: rejected, advice: synchronise }
      }
      return {
        code: 'credentials',
        severity: 'error',
        why: rejected,
        advice: /expired/i.test(error.message)
          ? say('Log in again or renew the keys. They are read again without a reload.')
          : say('Choose another AWS profile or correct this one. It is read again without a reload.'),
      }
    case 'network':
    case 'throttled':
      return {
        code: 'unreachable',
        severity: 'error',
        why: say('Nothing can be sent or received until this is fixed.'),
        advice: say(
          'Check network, proxy, region and endpoint. If the host name is not found, the region is probably misspelt.',
        ),
      }
    case 'invalid':
    case 'unknown':
      return {
        code: 'failed',
        severity: 'error',
        why: needed[role],
        advice: say('See the log for the full answer of SQS.'),
      }
  }
}

const rejected = say('AWS rejects every request that is signed like this.')
const synchronise = say('Synchronise the clock, for example with chrony.')

const askToAllow = (action: string, queue: string) =>
  say('Ask your administrator to allow {0} on queue {1}.', action, queue)

const needed: Readonly<Record<QueueRole, Localizable>> = {
  commands: say('Agents receive commands from this queue.'),
  replies: say('Masters that have no reply queue of their own receive replies from this queue.'),
  facts: say('Agents publish on this queue that they are running, and their facts.'),
}

function wrongAttributes({ environment, queues }: Probe, role: QueueRole): Finding[] {
  const found = queues[role]
  if (!('attributes' in found)) return []
  return checkedSettings.flatMap((setting): Finding[] => {
    const is = found.attributes[setting]
    const wanted = roleSettings[role][setting]
    if (is === wanted) return []
    return [
      {
        code: 'wrong-attribute',
        ...attributeTrouble(role, setting, is > wanted),
        queue: environment.queues[role],
        what: say(
          'The {0} of {1} is {2}; it has to be {3}.',
          label[setting],
          environment.queues[role],
          inUnits(setting, is),
          inUnits(setting, wanted),
        ),
        advice: say('Repair the queue.'),
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
      return {
        severity: 'warning',
        why:
          role === 'commands'
            ? say("An agent that relies on the queue's setting hides commands from the other agents.")
            : say("A master that relies on the queue's setting hides messages from the other masters."),
      }
    case 'retentionSeconds':
      if (role === 'facts') {
        return {
          severity: 'error',
          why: say('Old facts pile up, and servers that no longer exist still appear.'),
        }
      }
      return {
        severity: 'warning',
        why:
          role === 'commands'
            ? say('Old commands delay new ones.')
            : say('Replies that no master collects delay new ones.'),
      }
    case 'maximumMessageSize':
      return {
        severity: 'warning',
        why: above
          ? say('A message of more than 64 KB is billed as several requests.')
          : say('Large facts and scripts cannot be sent, and output takes more messages.'),
      }
    case 'waitSeconds':
      return {
        severity: 'warning',
        why: above
          ? say("A receiver that relies on the queue's setting waits where it has to return at once.")
          : say("An agent that relies on the queue's setting misses commands, and sends too many requests."),
      }
    case 'delaySeconds':
      return { severity: 'error', why: say('Every message arrives later by this time.') }
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
      what: say(
        '{0} has a redrive policy: messages that were received several times move to another queue.',
        queue,
      ),
      why: whyNoRedrive[role],
      advice: say('Remove the redrive policy.'),
      fix: 'set-up',
    },
  ]
}

const whyNoRedrive: Readonly<Record<QueueRole, Localizable>> = {
  commands: say(
    'All agents share this queue, so messages reach the dead-letter queue before every agent has seen them.',
  ),
  replies: say(
    'Masters that share this queue put back replies to other masters, so replies may reach the dead-letter queue.',
  ),
  facts: say(
    'All masters share this queue, so messages reach the dead-letter queue before every master has seen them.',
  ),
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
      what:
        found.hidden === 1
          ? say('Another consumer is holding 1 command on {0} in flight; agents cannot see it.', queue)
          : say(
              'Another consumer is holding {1} commands on {0} in flight; agents cannot see them.',
              queue,
              found.hidden,
            ),
      why: say(
        'A consumer that receives with a visibility timeout hides commands from all agents for that time.',
      ),
      advice: say(
        "Find out what receives from this queue besides the agents: other software, the SQS console, a Lambda trigger. Hidden commands expire with the queue's retention.",
      ),
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
      what: say(
        '{0} commands are visible on {1} at once.',
        found.attributes.visible,
        environment.queues.commands,
      ),
      why: say('One receive returns at most {0}, so agents find new commands late.', commandsInOneReceive),
      advice: say(
        'Wait until runs have ended: their commands are then deleted, or expire within a minute. Send less often, or split the fleet into several environments.',
      ),
    },
  ]
}

function forbidden({ permissions, side }: Probe): Finding[] {
  return permissions.flatMap(({ action, queue, refusal }): Finding[] => {
    // Reading the attributes comes first, and is reported there.
    if (refusal === undefined || action === 'sqs:GetQueueAttributes') return []
    return [
      {
        code: 'forbidden',
        severity: 'error',
        queue,
        what: refusal.localizable,
        why:
          side === 'master'
            ? say('The master needs {0} on {1}.', action, queue)
            : say('The agent needs {0} on {1}.', action, queue),
        advice: askToAllow(action, queue),
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
      what:
        clockOffsetMs > 0
          ? say("This machine's clock is {0} s behind that of SQS.", seconds)
          : say("This machine's clock is {0} s ahead of that of SQS.", seconds),
      why: say('The times shown are wrong. AWS rejects requests when a clock is off by 5 minutes or more.'),
      advice: synchronise,
    },
  ]
}
