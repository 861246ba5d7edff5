import { byNature } from '../../hosts/naturalOrder.ts'
import type { Sweep } from '../../master/fleet/factsSweep.ts'
import type { KnownAgent } from '../../master/fleet/fleetSnapshot.ts'
import type { Signing } from '../../master/fleet/signatureNeeds.ts'
import type { Master } from '../../master/master.ts'
import type { Rejected } from '../../master/masterWarning.ts'
import type { Environment } from '../../queues/environment.ts'
import type { Finding } from '../../queues/finding.ts'
import type { KmsPrice } from '../../queues/kmsPrice.ts'
import { idleRequestsPerMonth, printDollars, printPrice, receivesWhileVisible } from '../../queues/price.ts'
import type { RequestCounts } from '../../queues/requestCounts.ts'
import { localize } from '../../text/localizable.ts'
import type { Translate } from '../../text/translate.ts'
import { visibleLine } from '../../text/visibleText.ts'
import { countAgents, type Diagnosis, diagnoseAgents } from './agentDiagnoses.ts'
import { diagnoseSigning } from './signingDiagnoses.ts'

/** Everything that the Doctor checks. */
export interface Examination {
  readonly environment: Environment
  /** What is wrong with the queues. */
  readonly findings: readonly Finding[]
  readonly agents: readonly KnownAgent[]
  /** Messages on the facts queue that are damaged, or not facts of this environment. */
  readonly unreadable: Sweep['unreadable']
  /** Replies that this window rejected. */
  readonly rejected: Readonly<Rejected>
  /** What signs the commands. */
  readonly signing: Signing
  /** Where replies to this window arrive; undefined until its first command. */
  readonly replyQueue?: Master['replyQueue']
  /** The version that agents should have: that of this extension. */
  readonly version: string
  /** The identity that AWS sees; undefined when it could not be read. */
  readonly arn: string | undefined
  readonly requests: RequestCounts
  /** Undefined where no queue has a key of KMS. */
  readonly kms?: KmsPrice | undefined
}

/** Problems of queues, agents and messages; errors first. */
export function diagnose(examination: Examination, t: Translate): Diagnosis[] {
  const diagnoses: Diagnosis[] = [
    ...examination.findings.map((finding) => inLanguage(finding, t)),
    ...diagnoseAgents(examination, t),
    ...diagnoseSigning(examination, t),
    ...unreadableMessages(examination, t),
    ...leftOutReplies(examination, t),
  ]
  return diagnoses.sort((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'))
}

/** The report as Markdown, with the line of each diagnosis (from 0) for the buttons above it. */
export function printReport(
  examination: Examination,
  t: Translate,
): {
  readonly text: string
  readonly lines: readonly { readonly line: number; readonly diagnosis: Diagnosis }[]
} {
  const { environment, agents, arn } = examination
  const diagnoses = diagnose(examination, t)
  const errors = diagnoses.filter(({ severity }) => severity === 'error').length
  const warnings = diagnoses.length - errors
  const out: string[] = [`# ${t('Doctor: {0}', environment.name)}`, '']
  out.push(
    diagnoses.length === 0 ? t('✔ No problems found.') : t('Errors: {0}. Warnings: {1}.', errors, warnings),
  )
  const lines: { line: number; diagnosis: Diagnosis }[] = []
  for (const diagnosis of diagnoses) {
    out.push('')
    lines.push({ line: out.length, diagnosis })
    // They quote SQS and agents, whose texts make no lines of their own.
    const { severity, what, why, advice } = diagnosis
    out.push(`## ${severity === 'error' ? '✖' : '⚠'} ${visibleLine(what)}`, '')
    out.push(visibleLine(t('Why it matters: {0}', why)), '', visibleLine(t('What to do: {0}', advice)))
  }
  const { commands, replies, facts } = environment.queues
  out.push('', `## ${t('What was checked')}`, '')
  out.push(
    `- ${t('Queues: {0} in {1}', [commands, replies, facts].join(', '), environment.endpoint ?? environment.region)}`,
  )
  out.push(`- ${t('Reply queue of this window: {0}', describeReplyQueue(examination, t))}`)
  out.push(`- ${visibleLine(t('Identity: {0}', arn || t('unknown')))}`)
  out.push(`- ${visibleLine(t('Agents: {0}', describeAgents(agents, t)))}`)
  out.push('', `## ${t('Requests and cost')}`, '', ...describePrice(examination, t), '')
  return { text: out.join('\n'), lines }
}

function inLanguage({ severity, fix, what, why, advice }: Finding, t: Translate): Diagnosis {
  return {
    severity,
    what: localize(what, t),
    why: localize(why, t),
    advice: localize(advice, t),
    ...(fix === undefined ? {} : { fix }),
  }
}

function unreadableMessages({ unreadable, environment }: Examination, t: Translate): Diagnosis[] {
  if (unreadable.length === 0) return []
  const reasons = [...new Set(unreadable.map(({ reason }) => localize(reason, t)))]
  return [
    {
      severity: 'warning',
      what: t(
        'Cannot read {0} on {1}: {2}.',
        unreadable.length === 1 ? t('1 message') : t('{0} messages', unreadable.length),
        environment.queues.facts,
        reasons.slice(0, 3).join('; '),
      ),
      why: t(
        'They are ignored. They come from other software, or from an incompatible version. ID of the first message: {0}.',
        unreadable[0]?.messageId ?? '',
      ),
      advice: t('Find out what else sends to this queue: each message has a SenderId.'),
    },
  ]
}

function leftOutReplies({ rejected }: Examination, t: Translate): Diagnosis[] {
  const { unreadable, forged, foreign } = rejected
  if (unreadable + forged + foreign === 0) return []
  return [
    {
      severity: 'warning',
      what: t(
        'Replies rejected since this window connected: {0} unreadable, {1} that another server sent under an agent’s name, {2} to runs that are not in the history.',
        unreadable,
        forged,
        foreign,
      ),
      why: t('These messages are not replies to your commands. None of them reached a run.'),
      advice: t('The log lists each SenderId. Review who may send to the reply queues.'),
    },
  ]
}

function describeAgents(agents: readonly KnownAgent[], t: Translate): string {
  if (agents.length === 0) return t('none')
  const live = agents.filter(({ state }) => state === 'live').length
  const versions = [...new Set(agents.map(({ version }) => version))].sort(byNature).join(', ')
  return t('{0} known, {1} live, version {2}', agents.length, live, versions)
}

function describeReplyQueue({ replyQueue }: Examination, t: Translate): string {
  if (replyQueue === undefined) return t('not chosen before the first command')
  const { kind, queue } = replyQueue
  return kind === 'private' ? t('{0}, its own', queue) : t('{0}, shared by all masters', queue)
}

function describePrice({ agents, requests, kms }: Examination, t: Translate): string[] {
  const count = agents.filter(({ state }) => state !== 'gone').length
  const idle = idleRequestsPerMonth(count)
  const perRun = count * (receivesWhileVisible(10) + 3)
  return [
    `- ${t('{0} when idle: {1} requests a month, about {2}', countAgents(count, t), number(idle), printPrice(idle, t))}`,
    `- ${t('A run of 10 s on all agents: about {0} requests, {1}', number(perRun), printPrice(perRun, t))}`,
    `- ${t('This window, since it connected: {0} requests', number(requests.billed))}`,
    ...(kms === undefined ? [] : [`- ${describeKms(kms, t)}`]),
    '',
    t(
      'At $0.40 per million requests, the list price of standard queues in most regions; the first million a month is free.',
    ),
    ...(kms === undefined
      ? []
      : [
          t(
            'KMS: at $1 per key and month and $0.03 per 10,000 requests, the list price in most regions. All servers are taken to have the same IAM role; each further one adds two thirds of the requests.',
          ),
        ]),
  ]
}

function describeKms({ ownKeys, requests, dollars }: KmsPrice, t: Translate): string {
  const rest = t('{0} requests a month when idle, about {1}', number(requests), printDollars(dollars, t))
  if (ownKeys === 0) return t('Encryption with the KMS key of AWS: {0}', rest)
  return ownKeys === 1
    ? t('Encryption with a KMS key of your own: {0}, including $1 for the key', rest)
    : t('Encryption with {0} KMS keys of your own: {1}, including $1 for each key', ownKeys, rest)
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en')
}
