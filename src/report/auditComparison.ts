import { actionDigest, contentDigest } from '../protocol/actionDigest.ts'
import type { Outcome } from '../protocol/messages.ts'
import type { ReplyState, RunState } from '../run/runState.ts'
import type { AgentAudit, AuditedEvent } from './agentAudit.ts'

/** What a comparison has found, in English sentences. */
export interface Findings {
  /** One side was changed, or does not tell the truth. */
  readonly problems: string[]
  /** What should be known, and is explained without that. */
  readonly notes: string[]
}

/** Compares what an agent has audited of a run with what the history says of it. */
export function compareRun(state: RunState, audit: AgentAudit): Findings {
  const findings: Findings = { problems: [], notes: [] }
  const { agentId } = audit
  if (agentId === undefined) return findings
  const reply = state.replies.get(agentId)
  const events = (audit.runs.get(state.runId) ?? []).filter(({ isOrder }) => !isOrder)
  const executed = events.filter(({ event }) => event === 'received' || event === 'ended')
  const where = `${agentId}, run ${state.runId}`
  for (const event of events) compareCommand(where, state, event, findings)
  const said = whatItSaid(reply)
  if (executed.length > 0 && reply === undefined)
    findings.problems.push(`${where}: it was executed there, and the history did not send it there.`)
  else if (executed.length > 0 && said === undefined)
    findings.notes.push(`${where}: it was executed there, and the history has no result of it.`)
  const isMissing =
    said?.kind === 'result' ? executed.length === 0 : said && events.every(({ event }) => event !== 'refused')
  if (said === undefined || reply === undefined) return findings
  if (isMissing) {
    const at = reply.heardAt ?? state.startedAt
    if (audit.beginsAt !== undefined && at < audit.beginsAt)
      findings.notes.push(`${where}: the audit log begins later.`)
    else
      findings.problems.push(
        `${where}: the history has its ${said.text}, and the audit log has no such line. Lines are missing, or the reply was not from there.`,
      )
  } else if (said.kind === 'result') compareEnds(where, said.outcome, executed, findings)
  return findings
}

/**
 * Runs that an agent has audited, and that no history knows.
 * @param knowsSince the histories may have forgotten runs before this, milliseconds since the epoch
 */
export function foreignRuns(audit: AgentAudit, known: ReadonlySet<string>, knowsSince: number): Findings {
  const findings: Findings = { problems: [], notes: [] }
  let older = 0
  for (const [runId, events] of audit.runs) {
    const [first] = events
    if (known.has(runId) || first === undefined) continue
    if (events.every(({ time }) => Date.parse(time) < knowsSince)) {
      older += 1
      continue
    }
    const what = [...new Set(events.map(({ event, action }) => `${action} ${event}`))].join(', ')
    const who = `by ${first.issuer} (${first.senderId ?? 'sender unknown'})`
    const digest = first.sha256 === undefined ? '' : `, SHA-256 ${first.sha256}`
    findings.problems.push(
      `${nameOf(audit)}, run ${runId}: no history knows it: ${what}, ${first.time}, ${who}${digest}.`,
    )
  }
  if (older > 0)
    findings.notes.push(`${nameOf(audit)}: ${older} runs are older than what the histories know all of.`)
  return findings
}

/** What an agent's audit log says of itself. */
export function chainFindings(audit: AgentAudit): Findings {
  const { chain, restored } = audit
  const name = nameOf(audit)
  const notes: string[] = []
  if (chain.unchained > 0) notes.push(`${name}: ${chain.unchained} lines are of a version without a chain.`)
  if (chain.first !== undefined && chain.first > 1)
    notes.push(`${name}: entries before ${chain.first} are not in these files.`)
  if (restored > 0)
    notes.push(
      `${name}: ${restored} lines were written again from its journal. Its machine failed, or somebody cut off its log.`,
    )
  const none =
    chain.lines === 0
      ? [
          `${name}: there is no line of a chain. An agent writes one when it starts: the log may have been emptied.`,
        ]
      : []
  // No run could be missed in it. Versions that chained lines wrote their agent into each.
  if (audit.agentId === undefined && chain.lines > 0)
    none.push(`${name}: its lines do not say of which agent they are.`)
  return { problems: [...none, ...chain.problems.map((problem) => `${name}: ${problem}`)], notes }
}

export function nameOf({ agentId, files }: AgentAudit): string {
  return agentId ?? files.join(', ')
}

function compareCommand(where: string, state: RunState, event: AuditedEvent, { problems }: Findings): void {
  const { action } = state.request
  const differ = (audited: string | undefined, recorded: string | undefined, what: string) => {
    if (audited === undefined || audited === recorded) return false
    const sentence = `${where}: ${what} is ${audited} in the audit log, and ${recorded ?? 'none'} in the history.`
    if (!problems.includes(sentence)) problems.push(sentence)
    return true
  }
  differ(event.environment, state.environment, 'the environment')
  if (!differ(event.sha256, contentDigest(action), 'the SHA-256 of the command'))
    differ(event.actionSha256, actionDigest(action), 'the SHA-256 of how it is executed')
}

type Said =
  | { readonly kind: 'result'; readonly text: string; readonly outcome: Outcome }
  | { readonly kind: 'refusal'; readonly text: string }

/** What an agent has said at the end; undefined when that was nothing, or that it has not begun. */
function whatItSaid(reply: ReplyState | undefined): Said | undefined {
  if (reply?.refusal !== undefined) return { kind: 'refusal', text: `refusal (${reply.refusal.code})` }
  const outcome = reply?.outcome
  if (outcome === undefined || (outcome.kind === 'cancelled' && !outcome.started)) return undefined
  const code = outcome.kind === 'exited' ? ` ${outcome.code}` : ''
  return { kind: 'result', text: `result (${outcome.kind}${code})`, outcome }
}

function compareEnds(
  where: string,
  outcome: Outcome,
  executed: readonly AuditedEvent[],
  { problems }: Findings,
): void {
  const ended = executed.findLast(({ event }) => event === 'ended')
  if (ended === undefined || ended.isOrder) return
  const recorded = outcome.kind === 'exited' ? outcome.code : undefined
  if (ended.exitCode === recorded) return
  const text = (code: number | undefined) => (code === undefined ? 'none' : `${code}`)
  problems.push(
    `${where}: the exit code is ${text(ended.exitCode)} in the audit log, and ${text(recorded)} in the history.`,
  )
}
