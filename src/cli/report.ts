import { foldHosts } from '../hosts/hostFolding.ts'
import type { Run } from '../master/engine/run.ts'
import { type AgentState, stateNames, type Verdict, verdicts } from '../protocol/verdict.ts'
import { type Group, groupReplies } from '../report/grouping.ts'
import { identityWarnings } from '../report/runIdentities.ts'
import { unexpectedSentence } from '../report/unexpectedSentence.ts'
import { hiddenSentence } from '../run/hiddenCommand.ts'
import type { ReplyState, RunState } from '../run/runState.ts'
import { printable, printableLines } from '../terminal/printable.ts'
import { localize } from '../text/localizable.ts'
import { inEnglish } from '../text/translate.ts'

export interface ReportOptions {
  readonly quiet: boolean
  readonly colours: boolean
}

/** The replies of a finished run as text: one paragraph per group, outliers first, then totals and the agents of each failure. */
export async function* report(run: Run, { quiet, colours }: ReportOptions): AsyncGenerator<string> {
  const paint = painter(colours)
  const groups = groupReplies(run.state)
  for (const group of groups) {
    if (!quiet) yield `${paint(headOf(group), colourOf(group.state as Verdict))}\n`
    const lines = printableLines(await run.output(group.representative), colours)
    while (lines.at(-1) === '') lines.pop()
    for (const line of lines) yield `${line}\n`
    const reply = run.state.replies.get(group.representative)
    if (quiet || reply === undefined) continue
    for (const note of notes(reply)) yield `${note}\n`
    yield '\n'
  }
  if (!quiet) yield `${summary(run.state, groups, paint).join('\n')}\n`
}

function headOf({ hosts, agentIds, state, detail }: Group): string {
  const count = agentIds.length === 1 ? '' : ` (${agentIds.length})`
  return `── ${printable(hosts)}${count} · ${nameOf(state)}${detail === undefined ? '' : `, ${printable(detail)}`}`
}

function notes({ droppedBytes, output, late, cut }: ReplyState): string[] {
  return [
    ...(droppedBytes > 0 ? [`[${droppedBytes} bytes of output dropped between head and tail]`] : []),
    ...(cut === 'run' ? ['[this output was cut: the run has more output than is kept of a run]'] : []),
    ...(cut === 'agent' ? ['[this output was cut: it is larger than an agent may write]'] : []),
    ...(cut === undefined && output === 'incomplete' ? ['[this output is incomplete]'] : []),
    ...(late ? ['[this reply arrived late]'] : []),
  ]
}

function summary(state: RunState, groups: readonly Group[], paint: Painter): string[] {
  const replies = [...state.replies.values()]
  const expected = replies.filter((reply) => reply.expected)
  const answered = expected.filter(({ outcome, refusal }) => outcome !== undefined || refusal !== undefined)
  const joined = replies.filter((reply) => !reply.expected && !reply.unexpected).length
  const seconds = (((state.endedAt ?? state.startedAt) - state.startedAt) / 1000).toFixed(2)
  const counts = verdicts
    .filter((verdict) => state.counts[verdict] > 0)
    .map((verdict) => `${state.counts[verdict]} ${nameOf(verdict)}`)
  const lines = [
    `${answered.length} of ${expected.length} expected agents replied in ${seconds} s${joined > 0 ? `, and ${joined} more` : ''}: ${counts.join(', ')}`,
  ]
  for (const warning of identityWarnings(state))
    lines.unshift(paint(printable(localize(warning, inEnglish)), 33))
  for (const hidden of state.hidden) lines.unshift(paint(localize(hiddenSentence(hidden), inEnglish), 31))
  const unexpected = unexpectedSentence(state)
  if (unexpected !== undefined) lines.unshift(paint(printable(localize(unexpected, inEnglish)), 31))
  for (const verdict of verdicts) {
    if (verdict === 'succeeded' || verdict === 'unexpected') continue
    const members = groups.filter((group) => group.state === verdict).flatMap(({ agentIds }) => agentIds)
    if (members.length === 0) continue
    const hosts = foldHosts(members.map((agentId) => state.replies.get(agentId)?.hostname ?? agentId))
    lines.push(paint(`${nameOf(verdict)}: ${printable(hosts)}`, colourOf(verdict)))
  }
  const cut = replies.filter((reply) => reply.cut === 'run').length
  if (cut > 0)
    lines.push(
      `The run has more output than is kept of a run: that of ${cut === 1 ? '1 agent' : `${cut} agents`} was cut.`,
    )
  if (state.stopReason !== undefined) lines.push(`The rollout stopped: ${printable(state.stopReason)}`)
  return lines
}

const nameOf = (state: AgentState) => localize(stateNames[state], inEnglish)

type Painter = (text: string, colour: number) => string

function painter(colours: boolean): Painter {
  return (text, colour) => (colours ? `\u001b[${colour}m${text}\u001b[0m` : text)
}

/** SGR colour numbers. */
function colourOf(verdict: Verdict): number {
  if (verdict === 'succeeded') return 32
  return verdict === 'cancelled' || verdict === 'not-started' ? 33 : 31
}
