import type { ChainHead } from '../../../src/chain/hashChain.ts'
import { actionDigest, contentDigest, contentOf } from '../../../src/protocol/actionDigest.ts'
import type { CommandMessage, Outcome } from '../../../src/protocol/messages.ts'
import { targetCount } from '../../../src/protocol/targetSet.ts'

/** What the audit log says of a command's origin and content. */
export interface AuditedCommand {
  readonly runId: string
  /** The sender as AWS knows it. */
  readonly senderId: string | undefined
  /** Who the sender says it is. */
  readonly issuer: string
  readonly action: string
  readonly user: string | undefined
  /** The key that the sender names. */
  readonly claimedKey: string | undefined
  /** The same, if the signature was made with it. */
  readonly verifiedKey: string | undefined
  /** SHA-256 of the command's text or the script's bytes. */
  readonly sha256: string | undefined
  /** SHA-256 of all that decides how it is executed. Absent in journals of earlier versions. */
  readonly actionSha256?: string | undefined
  readonly environment: string
  readonly filter: string
  /** How many agents the command names; absent when it names nobody, and is for all that its filter matches. */
  readonly targets: number | undefined
  /** Names of the variables that it brings. */
  readonly variables: readonly string[] | undefined
}

export type AuditedEnd =
  | { readonly verdict: 'refused'; readonly code: string; readonly reason: string }
  | {
      readonly verdict: string
      readonly exitCode?: number
      readonly durationMs?: number
      readonly reason?: string
    }

/**
 * What happened to a command: `received` before it is executed, `ended` after it; `refused`; `repeated`: it came again, and its
 * answer was sent again; `withheld`: it was neither executed nor answered.
 */
export type AuditEvent = 'received' | 'ended' | 'refused' | 'repeated' | 'withheld'

/**
 * Notes what happened to a command, at once.
 * @param more how it ended, or what it was
 * @returns where it is in the file. `unaudited`: no file is wanted; `failed`: it could not be written
 */
export type Audit = (
  event: AuditEvent,
  command: AuditedCommand,
  more?: AuditedEnd | AuditedContent,
) => ChainHead | 'unaudited' | 'failed'

/** How much of a command the log holds: its digest only, its text with what looks like a secret masked, or all of it. */
export type AuditContentMode = 'digest' | 'masked' | 'full'

export interface AuditedContent {
  readonly content?: string
  /** Whether there is more of it. */
  readonly cut?: true
}

/** A `received` line as the journal knows it, too: what is needed to write it again. */
export type ReceivedEntry = ChainHead & AuditedContent

/** Characters of a command or script that are logged. */
const contentLength = 16_384

/** Characters of a filter that are logged. */
const filterLength = 1_000

export function describeCommand(
  { runId, issuer, action, environment, filter, targets, targetSet }: CommandMessage,
  senderId: string | undefined,
  keys: { readonly claimed: string | undefined; readonly verified: string | undefined },
): AuditedCommand {
  return {
    runId,
    senderId,
    issuer: `${issuer.name}@${issuer.host}`,
    action:
      action.kind === 'cancel' || action.kind === 'resend' ? `${action.kind} ${action.runId}` : action.kind,
    user: 'user' in action ? action.user : undefined,
    claimedKey: keys.claimed,
    verifiedKey: keys.verified,
    sha256: contentDigest(action),
    actionSha256: actionDigest(action),
    environment,
    filter: filter.slice(0, filterLength),
    targets: targets?.length ?? (targetSet === undefined ? undefined : targetCount(targetSet)),
    variables: 'environment' in action && action.environment ? Object.keys(action.environment) : undefined,
  }
}

/** The command's text or the script's, as far as `mode` wants it logged. Values of variables never are. */
export function describeContent(action: CommandMessage['action'], mode: AuditContentMode): AuditedContent {
  const bytes = mode === 'digest' ? undefined : contentOf(action)
  if (bytes === undefined) return {}
  const text = bytes.toString('utf8')
  // A secret that begins before the cut may end after it.
  const part = text.slice(0, 2 * contentLength)
  const shown = (mode === 'masked' ? maskSecrets(part) : part).slice(0, contentLength)
  return { content: shown, ...(text.length > contentLength ? { cut: true } : {}) }
}

/**
 * `password=…`, `--token …`, `https://user:…@`, access keys of AWS: what people put into commands although they should not.
 * In linear time: senders choose the text. So a word is looked at from its beginning only.
 */
export function maskSecrets(text: string): string {
  return text
    .replace(
      /(?<![\w-])((?=[\w-]*(?:pass|secret|token|api_?key|credential))[\w-]+["']?(?:\s*[=:]\s*|\s+))("[^"]*(?:"|$)|'[^']*(?:'|$)|[^\s"'&|;]+)/gi,
      '$1***',
    )
    .replace(/(\/\/[^\s/:@]*:)[^\s/@]+@/g, '$1***@')
    .replace(/\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, '$1***')
}

export function describeEnd(outcome: Outcome, durationMs: number): AuditedEnd {
  switch (outcome.kind) {
    case 'exited':
      return { verdict: outcome.code === 0 ? 'succeeded' : 'failed', exitCode: outcome.code, durationMs }
    case 'signalled':
      return { verdict: 'failed', reason: outcome.signal, durationMs }
    case 'not-executed':
      return { verdict: 'failed', reason: outcome.reason, durationMs }
    default:
      return { verdict: outcome.kind, durationMs }
  }
}
