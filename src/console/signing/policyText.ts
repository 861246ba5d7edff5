import type { KnownAgent } from '../../master/fleet/fleetSnapshot.ts'
import { hostLines } from '../../master/fleet/hostLines.ts'
import { signatureNeed } from '../../master/fleet/signatureNeeds.ts'
import { signingPostureOf } from '../../master/fleet/signingPosture.ts'
import type { Translate } from '../../text/translate.ts'
import { visibleText } from '../../text/visibleText.ts'

/** The public half of a key, as a policy is to have it. */
export interface PolicyKeyText {
  readonly name: string
  /** `ssh-ed25519 AAAA…` */
  readonly publicKey: string
  /** As in `2027-12-31`, from whose beginning on (UTC) it is not accepted; empty: never. */
  readonly expires: string
}

/** Names of keys that need no thought in YAML, in a shell and in the settings. */
export const keyName = /^[A-Za-z][A-Za-z0-9._@-]{0,63}$/

/** The lines below `keys:` in a policy, with that line. */
export function keyLines({ name, publicKey, expires }: PolicyKeyText): string {
  const lines =
    expires === ''
      ? [`  ${quoted(name)}: ${publicKey}`]
      : [`  ${quoted(name)}:`, `    key: ${publicKey}`, `    expires: ${expires}`]
  return ['keys:', ...lines, ''].join('\n')
}

export interface SigningReport {
  readonly environment: string
  readonly key: PolicyKeyText
  readonly fingerprint: string
  /** Which setting has the key now, as a sentence. */
  readonly saved: string
  /** The agents of the environment, or a sentence that says why they could not be read. */
  readonly agents: readonly KnownAgent[] | string
  /** SQS's clock, milliseconds since the epoch. */
  readonly now: number
}

/** What is to be done on the servers, as a policy in YAML with comments, and what agents make of the key so far. */
export function policyText(report: SigningReport, t: Translate): string {
  const { environment, key, fingerprint, saved } = report
  const { name } = key
  return [
    ...comment(t('Signing key “{0}” for {1}: {2}', name, environment, fingerprint)),
    ...comment(saved),
    '#',
    ...comment(
      t(
        '1. On each server of {0}, add this key under “keys:” of the policy, /etc/ec2_collective/policy.yaml. These lines are on the clipboard.',
        environment,
      ),
    ),
    '',
    keyLines(key),
    ...comment(
      t(
        '2. Name the key in each rule of the policy that applies to you. A rule without “keys:” also accepts commands that are not signed. On a server without a policy, this document is a complete one: it allows what this key has signed, and nothing else.',
      ),
    ),
    '',
    'rules:',
    `  - name: signed by ${name}`,
    `    keys: [${quoted(name)}]`,
    '',
    ...comment(
      t('3. Check it there. The agent reads the policy before each command, so it is in force at once.'),
    ),
    '#',
    '#      sudo ec2-cagent --check',
    `#      sudo ec2-cagent policy test --sender SENDERID --key ${name} -- uptime`,
    '#',
    ...comment(
      t(
        '4. Here, “Doctor: Examine Environment…” and the review before a run say which agents do not accept it.',
      ),
    ),
    '',
    ...comment(t('Agents of {0} now:', environment)),
    ...agentLines(report, t),
    '',
  ].join('\n')
}

function agentLines({ agents, key, fingerprint, now }: SigningReport, t: Translate): string[] {
  if (typeof agents === 'string') return comment(`  ${agents}`)
  const groups = new Map<string, string[]>()
  for (const { facts, hostname, state } of agents) {
    if (state === 'gone') continue
    const need = signatureNeed(signingPostureOf(facts), { name: key.name, fingerprint }, now)
    const what = meaningOf(need.kind, t)
    groups.set(what, [...(groups.get(what) ?? []), hostname])
  }
  if (groups.size === 0) return comment(`  ${t('none')}`)
  return [...groups].flatMap(([what, hosts]) => comment(`  ${what} (${hosts.length}): ${hostLines(hosts)}`))
}

function meaningOf(kind: ReturnType<typeof signatureNeed>['kind'], t: Translate): string {
  switch (kind) {
    case 'none':
      return t('ask for no signature')
    case 'accepted':
      return t('ask for a signature, and accept this key')
    case 'unclear':
      return t('ask for a signature, and do not say whether they accept this key')
    case 'expired':
      return t('ask for a signature, and have this key, which has expired')
    default:
      return t('ask for a signature, and do not accept this key yet')
  }
}

/** Lines of comment of readable length. */
function comment(text: string): string[] {
  const lines = text.split('\n').map(visibleText)
  return lines.flatMap((line) => wrapped(line).map((part) => `# ${part}`.trimEnd()))
}

function wrapped(line: string): string[] {
  return line.match(/.{1,110}(?:\s|$)|\S+/gu)?.map((part) => part.trimEnd()) ?? ['']
}

/** In YAML, these words are values of other types. */
function quoted(name: string): string {
  return /^(?:true|false|null|yes|no|on|off|y|n)$/i.test(name) ? JSON.stringify(name) : name
}
