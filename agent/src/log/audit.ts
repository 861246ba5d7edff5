import { createHash } from 'node:crypto'
import type { CommandMessage, Outcome } from '../../../src/protocol/messages.ts'

/** What the audit log says of a command's origin and content. */
export interface AuditedCommand {
  readonly runId: string
  /** The sender as AWS knows it. */
  readonly senderId: string | undefined
  /** Who the sender says it is. */
  readonly issuer: string
  readonly action: string
  readonly user: string | undefined
  readonly key: string | undefined
  /** SHA-256 of the command's text or the script's bytes: the content itself may hold secrets. */
  readonly sha256: string | undefined
}

export type AuditedEnd =
  | { readonly verdict: 'refused'; readonly code: string; readonly reason: string }
  | {
      readonly verdict: string
      readonly exitCode?: number
      readonly durationMs?: number
      readonly reason?: string
    }

/** One JSON line per command: when, who, what, and how it ended. */
export type Audit = (command: AuditedCommand, end: AuditedEnd) => void

export function createAudit(append: (line: string) => void, now: () => number): Audit {
  return (command, end) => {
    append(`${JSON.stringify({ time: new Date(now()).toISOString(), ...command, ...end })}\n`)
  }
}

export function describeCommand(
  { runId, issuer, action }: CommandMessage,
  senderId: string | undefined,
  key: string | undefined,
): AuditedCommand {
  const content =
    action.kind === 'shell'
      ? action.command
      : action.kind === 'script'
        ? Buffer.from(action.content, 'base64')
        : undefined
  return {
    runId,
    senderId,
    issuer: `${issuer.name}@${issuer.host}`,
    action:
      action.kind === 'cancel' || action.kind === 'resend' ? `${action.kind} ${action.runId}` : action.kind,
    user: 'user' in action ? action.user : undefined,
    key,
    sha256: content === undefined ? undefined : createHash('sha256').update(content).digest('hex'),
  }
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
