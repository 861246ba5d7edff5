import type { NameProblem } from '../../hosts/similarNames.ts'
import type { AgentRow, GroupRow, PreviewLine } from '../../page/toPage.ts'
import type { ReplyState } from '../../run/runState.ts'
import { endOfUnexpected, shownState } from '../../run/unexpected.ts'
import { localize } from '../../text/localizable.ts'
import type { Translate } from '../../text/translate.ts'

/** A reply as a row of the page. */
export function agentRow(
  reply: ReplyState,
  group: number | undefined,
  nameProblem: NameProblem | undefined,
  t: Translate,
  { step, giveUpAt }: { readonly step?: number | undefined; readonly giveUpAt?: number | undefined } = {},
): AgentRow {
  const { agentId, hostname, latencyMs, durationMs, droppedBytes, output, sentAt, endedAt } = reply
  const { startedAt, heardAt, asked, askedAt, cut } = reply
  const note = noteOf(reply, t)
  return {
    ...{
      id: agentId,
      host: hostname,
      state: shownState(reply),
      output,
      bytes: reply.stdoutBytes + reply.stderrBytes,
    },
    ...exitOf(reply),
    ...(latencyMs === undefined ? {} : { latencyMs }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(sentAt === undefined ? {} : { sentAt }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(sentAt === undefined || endedAt === undefined ? {} : { totalMs: Math.max(0, endedAt - sentAt) }),
    ...(heardAt === undefined ? {} : { heardAt }),
    ...(asked === undefined ? {} : { asked }),
    ...(askedAt === undefined ? {} : { askedAt }),
    ...(giveUpAt === undefined ? {} : { giveUpAt }),
    ...(step === undefined ? {} : { step }),
    ...(cut === undefined ? {} : { cut }),
    ...(droppedBytes > 0 ? { droppedBytes } : {}),
    ...(reply.late ? { late: true } : {}),
    ...(reply.expected || reply.unexpected ? {} : { joined: true }),
    ...(reply.conflicting === true ? { conflicting: true } : {}),
    ...(reply.heardAt === undefined ? {} : { identity: reply.identity }),
    ...(nameProblem === undefined ? {} : { nameProblem }),
    ...(note === undefined ? {} : { note }),
    ...(group === undefined ? {} : { group }),
  }
}

/** A group as a row; `representative` is the reply of one of its agents. */
export function groupRow(
  representative: ReplyState,
  { id, count, hosts, majority, originals, label, preview }: GroupFacts,
  t: Translate,
): GroupRow {
  const note = noteOf(representative, t)
  return {
    ...{ id, count, majority, originals, state: shownState(representative) },
    ...exitOf(representative),
    hosts: hosts.length > maxHostsCharacters ? `${hosts.slice(0, maxHostsCharacters)}…` : hosts,
    bytes: representative.stdoutBytes + representative.stderrBytes,
    preview: preview?.lines ?? [],
    more: preview?.more ?? false,
    ...(label === undefined ? {} : { label }),
    ...(note === undefined ? {} : { note }),
  }
}

interface GroupFacts {
  readonly id: number
  readonly count: number
  readonly hosts: string
  readonly majority: boolean
  readonly originals: number
  readonly label: string | undefined
  readonly preview: { readonly lines: readonly PreviewLine[]; readonly more: boolean } | undefined
}

/** The most characters of a group's folded hosts: more would not be visible. */
const maxHostsCharacters = 1000

function exitOf({ outcome }: ReplyState): { exitCode?: number; signal?: string } {
  if (outcome?.kind === 'exited') return { exitCode: outcome.code }
  return outcome?.kind === 'signalled' ? { signal: outcome.signal } : {}
}

function noteOf(reply: ReplyState, t: Translate): string | undefined {
  const { refusal, outcome, state, started, unread, unexpected, sentAt, expected } = reply
  if (unexpected) {
    const end = endOfUnexpected(reply)
    return end && localize(end, t)
  }
  if (refusal !== undefined) return refusal.reason
  if (unread === true) return t('replies may be unread')
  if (outcome?.kind === 'not-executed') return outcome.reason
  if (outcome?.kind === 'cancelled' && !outcome.started) return t('before it started')
  if (state === 'expected' && expected && sentAt === undefined) return t('not sent yet')
  return state === 'running' && started === 'queued' ? t('waiting for a free slot') : undefined
}
