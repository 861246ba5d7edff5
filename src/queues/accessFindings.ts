import { type Localizable, say } from '../text/localizable.ts'
import type { Environment } from './environment.ts'
import { isClockCode } from './errorKind.ts'
import type { Finding } from './finding.ts'
import type { Probe } from './probe.ts'
import type { QueueError } from './queueError.ts'
import { type QueueRole, queueRoles } from './setUp.ts'

/** Beyond this a clock is wrong rather than imprecise, milliseconds. AWS rejects signatures from 5 min on. */
const clockToleranceMs = 10_000

/** Problems that prevent using the queues: region, network, credentials, permissions, clock. */
export function accessFindings(probe: Probe): Finding[] {
  return [...unusable(probe), ...forbidden(probe), ...clock(probe)]
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
    const { severity, code, why, advice } = meaning(error, role, environment)
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
      return [{ ...finding, ...permissionFix(error, error.action, error.queue) }]
    return [finding]
  })
}

function meaning(
  error: QueueError,
  role: QueueRole,
  environment: Environment,
): Pick<Finding, 'code' | 'severity' | 'why' | 'advice'> {
  switch (error.kind) {
    case 'missing-queue':
      return { code: 'missing-queue', severity: 'error', why: needed[role], advice: say('Create the queue.') }
    case 'forbidden':
      return {
        code: 'forbidden',
        severity: 'error',
        why: say('Without this permission the queue cannot be used, or cannot be checked.'),
        advice: askToAllow(error, error.action, error.queue, environment),
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
        advice: /^(Proxy|Trust)/.test(error.code)
          ? say('Until then, no request leaves this machine.')
          : say(
              'Check network, region and endpoint. If the host name is not found, the region is probably misspelt.',
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

function askToAllow(
  { code }: QueueError,
  action: string,
  queue: string,
  { account }: Environment,
): Localizable {
  if (code.startsWith('Kms')) {
    return say(
      'Ask your administrator to allow kms:GenerateDataKey and kms:Decrypt on the key of queue {0}, in your IAM policy and in the policy of the key.',
      queue,
    )
  }
  if (account === undefined) return say('Ask your administrator to allow {0} on queue {1}.', action, queue)
  return say(
    'Ask your administrator to allow {0} on queue {1} in the IAM policy of your credentials, and that of account {2} to allow it in the policy of the queue.',
    action,
    queue,
    account,
  )
}

/** A statement about the queue is of no use where its key refuses. */
function permissionFix({ code }: QueueError, action: string, queue: string): Pick<Finding, 'fix'> {
  return code.startsWith('Kms') ? {} : { fix: { allow: { action, queue } } }
}

const needed: Readonly<Record<QueueRole, Localizable>> = {
  commands: say('Agents receive commands from this queue.'),
  replies: say('Masters that have no reply queue of their own receive replies from this queue.'),
  facts: say('Agents publish on this queue that they are running, and their facts.'),
}

function forbidden({ permissions, side, environment }: Probe): Finding[] {
  return permissions.flatMap(({ action, queue, refusal }): Finding[] => {
    // The attributes are read first, and a refusal is reported there.
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
        advice: askToAllow(refusal, action, queue, environment),
        ...permissionFix(refusal, action, queue),
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
