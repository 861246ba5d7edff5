import { type Localizable, say } from '../text/localizable.ts'
import type { Finding } from './finding.ts'
import type { Probe } from './probe.ts'
import {
  checkedSettings,
  inUnits,
  isWrong,
  label,
  type QueueRole,
  queueRoles,
  roleSettings,
} from './setUp.ts'

/** With more visible messages than one receive returns, agents do not see all of them in time. */
const commandsInOneReceive = 10

/** Problems of existing queues: their settings, and the messages on them. */
export function queueFindings(probe: Probe): Finding[] {
  const ofEach = queueRoles.flatMap((role) => [
    ...wrongAttributes(probe, role),
    ...redrivePolicy(probe, role),
    ...hiddenMessages(probe, role),
  ])
  return [...ofEach, ...manyCommands(probe)]
}

function wrongAttributes({ environment, queues }: Probe, role: QueueRole): Finding[] {
  const found = queues[role]
  if (!('attributes' in found)) return []
  return checkedSettings.flatMap((setting): Finding[] => {
    const is = found.attributes[setting]
    const wanted = roleSettings[role][setting]
    if (!isWrong(is, wanted)) return []
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
  // Only commands: masters hide facts while they sweep them, and shared replies while they sort them.
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
  if (!('attributes' in found) || (found.attributes.visible ?? 0) <= commandsInOneReceive) return []
  return [
    {
      code: 'many-commands',
      severity: 'warning',
      queue: environment.queues.commands,
      what: say(
        '{0} commands are visible on {1} at once.',
        found.attributes.visible ?? 0,
        environment.queues.commands,
      ),
      why: say('One receive returns at most {0}, so agents find new commands late.', commandsInOneReceive),
      advice: say(
        'Wait until runs have ended: their commands are then deleted, or expire within a minute. Send less often, or split the fleet into several environments.',
      ),
    },
  ]
}
