import { accessFindings } from '../../../src/queues/accessFindings.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import type { Finding } from '../../../src/queues/finding.ts'
import { type Probe, probeEnvironment } from '../../../src/queues/probe.ts'
import { queueFindings } from '../../../src/queues/queueFindings.ts'
import { createQueues } from '../../../src/queues/queues.ts'
import { type Localizable, localize } from '../../../src/text/localizable.ts'
import { inEnglish } from '../../../src/text/translate.ts'
import { reasonOf } from '../log/log.ts'
import type { Configuration } from '../settings/configuration.ts'

/** Where the sentences of a check go. */
export interface CheckReport {
  ok(sentence: string): void
  note(sentence: string): void
  fail(sentence: string): void
}

/** A clock that is off by less than this is a note, milliseconds. */
const clockToleranceMs = 60_000

/** Tries all that the agent does with its queues, in ways that change nothing. */
export async function checkQueues(configuration: Configuration, report: CheckReport): Promise<void> {
  const { region, endpoint, profile, account, commands, replies, facts } = configuration.queues
  const environment: Environment = {
    name: configuration.environment,
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(profile === undefined ? {} : { profile }),
    ...(account === undefined ? {} : { account }),
    queues: { commands, replies, facts },
    protected: false,
  }
  const queues = createQueues(environment)
  let probe: Probe
  try {
    probe = await probeEnvironment(queues, environment, 'agent')
  } finally {
    queues.close()
  }
  const { publish } = configuration.facts
  const isNeeded = ({ queue }: Pick<Finding, 'queue'>) => publish || queue !== facts
  reportWhatWorks(probe, publish, report)
  // One cause may show in several ways.
  const said = new Set<string>()
  for (const finding of accessFindings(probe).filter(isNeeded)) {
    const sentence = describeFinding(finding, probe)
    if (said.has(sentence)) continue
    said.add(sentence)
    if (isNote(finding, probe)) report.note(sentence)
    else report.fail(sentence)
  }
  for (const finding of queueFindings(probe).filter(isNeeded)) {
    const sentence = `${inWords(finding.what)} ${inWords(finding.advice)}`
    if (finding.code === 'redrive-policy' && finding.queue === commands) report.fail(sentence)
    else report.note(sentence)
  }
  if (!publish) report.note('facts are not published, so masters do not expect replies from this agent')
}

function reportWhatWorks(
  { environment, queues, permissions }: Probe,
  publish: boolean,
  report: CheckReport,
): void {
  const refused = new Set(permissions.flatMap(({ queue, refusal }) => (refusal === undefined ? [] : [queue])))
  const { commands, replies, facts } = environment.queues
  const works = (role: keyof Probe['queues'], queue: string) =>
    'attributes' in queues[role] && !refused.has(queue)
  if (works('commands', commands)) report.ok(`commands can be received from ${commands}`)
  if (works('replies', replies)) report.ok(`replies can be sent to ${replies}`)
  if (publish && works('facts', facts)) report.ok(`facts can be sent to ${facts}`)
}

function isNote({ code, severity }: Finding, { clockOffsetMs = 0 }: Probe): boolean {
  return code === 'clock' && severity === 'warning' && Math.abs(clockOffsetMs) <= clockToleranceMs
}

/** The problem and what to do on a server: the editor's doctor gives different advice. */
function describeFinding({ code, what, advice, fix }: Finding, { environment, queues }: Probe): string {
  if (code === 'credentials' && environment.profile === undefined) {
    const errors = Object.values(queues).flatMap((found) => ('error' in found ? [found.error] : []))
    const absent = errors.find((error) => error.code === 'CredentialsProviderError')
    const reason =
      absent === undefined ? inWords(what) : `No AWS credentials found (${reasonOf(absent.cause)}).`
    return `${reason} On EC2, attach an instance profile to this server. Elsewhere, put AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY into the environment file of the service, or name a profile with aws.profile.`
  }
  if (code === 'forbidden' && typeof fix === 'object') {
    const { action, queue } = fix.allow
    return `${action} on ${queue} is not allowed. ${inWords(advice)} (${inWords(what)})`
  }
  return `${inWords(what)} ${inWords(advice)}`
}

function inWords(text: Localizable): string {
  return localize(text, inEnglish)
}
