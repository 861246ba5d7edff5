import { type AgentState, stateNames } from '../protocol/verdict.ts'
import { actionName } from '../run/actionText.ts'
import { hiddenSentence } from '../run/hiddenCommand.ts'
import type { ReplyState } from '../run/runState.ts'
import { chosenIn, describeTargets } from '../run/targetText.ts'
import { shownCounts, shownState } from '../run/unexpected.ts'
import { printable, printableLines } from '../terminal/printable.ts'
import { localize } from '../text/localizable.ts'
import { inEnglish } from '../text/translate.ts'
import { describeOutcome, groupReplies } from './grouping.ts'
import type { ReportedRun } from './reportedRun.ts'
import { type RunColumns, uniqueTitles } from './runColumns.ts'
import { identityCounts, identityOf, identityWarnings, namesOf, type RunNames } from './runIdentities.ts'
import { csvCell, tableText, valueCell } from './tableText.ts'
import { unexpectedSentence } from './unexpectedSentence.ts'

/** Most characters of output in a cell: spreadsheets accept 32,767. */
const maxCellCharacters = 32_000

/**
 * One line per agent, for a spreadsheet (RFC 4180). Output is text without control sequences, truncated when long. With
 * values an agent has a line for each of its rows, and its output only in the first.
 */
export async function* exportCsv(
  run: ReportedRun,
  { columns: values }: { columns?: RunColumns } = {},
): AsyncGenerator<string> {
  const own = columns.map(([name]) => name)
  const titles = uniqueTitles(values?.titles ?? [], [...own, 'output'])
  yield `${[...own, ...titles.map((title) => valueCell(title)), 'output'].join(',')}\r\n`
  const names = namesOf(run.state)
  for (const reply of run.state.replies.values()) {
    const output = (await plainOutput(run, reply.agentId)).slice(0, maxCellCharacters)
    const cells = columns.map(([, value]) => csvCell(value(reply, names) ?? ''))
    const rows = values?.rowsOf(reply.agentId) ?? []
    for (const [index, row] of (rows.length === 0 ? [[]] : rows).entries()) {
      const shown = titles.map((_, at) => valueCell(row[at] ?? ''))
      yield `${[...cells, ...shown, csvCell(index === 0 ? output : '')].join(',')}\r\n`
    }
  }
}

/**
 * A report as text: what was run, the counts, the values as a table, and each group of identical replies with its output,
 * outliers first.
 * @param options.isCompared without what differs in any two runs: its time and its id
 */
export async function* exportText(
  run: ReportedRun,
  { columns: values, isCompared = false }: { columns?: RunColumns; isCompared?: boolean } = {},
): AsyncGenerator<string> {
  const { state } = run
  const { environment, request, issuer, startedAt, replies } = state
  const { action } = request
  const unexpected = unexpectedSentence(state)
  const identities = Object.entries(identityCounts(state)).filter(([, count]) => count > 0)
  const sums = Object.entries(shownCounts(state)).filter(([, count]) => count > 0)
  yield [
    `${environment}: ${printable(describeTargets(request.filter, chosenIn(state), inEnglish))}`,
    `$ ${printable(actionName(action))}`,
    `${printable(issuer.name)} on ${printable(issuer.host)}${isCompared ? '' : `, ${new Date(startedAt).toISOString()}, run ${state.runId}`}`,
    `sender according to AWS: ${printable(state.sender ?? 'unknown')}, ${state.signingKey === undefined ? 'not signed' : `signed with the key ${printable(state.signingKey)}`}`,
    `${replies.size === 1 ? '1 agent' : `${replies.size} agents`}: ${sums.map(([state, count]) => `${count} ${nameOf(state as AgentState)}`).join(', ')}`,
    `identities: ${identities.length === 0 ? 'none yet' : identities.map(([identity, count]) => `${count} ${identity}`).join(', ')}`,
    ...(unexpected === undefined ? [] : [printable(localize(unexpected, inEnglish))]),
    ...identityWarnings(state).map((sentence) => printable(localize(sentence, inEnglish))),
    ...state.hidden.map((hidden) => localize(hiddenSentence(hidden), inEnglish)),
    '',
  ].join('\n')
  if (values !== undefined) {
    const rows = [...replies.values()].flatMap(({ agentId, hostname }) =>
      values.rowsOf(agentId).map((row) => ({ hostname, values: row })),
    )
    yield `\n${tableText({ columns: values.titles, rows }, 'markdown')}`
  }
  for (const { agentIds, hosts, state: verdict, detail, representative } of groupReplies(state)) {
    const how = detail === undefined ? nameOf(verdict) : `${nameOf(verdict)}, ${printable(detail)}`
    yield `\n---- ${printable(hosts)} (${agentIds.length}): ${how}\n`
    yield await plainOutput(run, representative)
  }
}

/**
 * An agent's output as text: lines as a terminal shows them, without colours, stdout and stderr combined. Characters that
 * deceive the eye are shown by their codes.
 */
export async function plainOutput(run: ReportedRun, agentId: string): Promise<string> {
  const lines = printableLines(await run.output(agentId), false)
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

const nameOf = (state: AgentState) => localize(stateNames[state], inEnglish)

const columns: readonly (readonly [
  name: string,
  value: (reply: ReplyState, names: RunNames) => string | number | undefined,
])[] = [
  ['host', ({ hostname }) => printable(hostname)],
  ['agent', ({ agentId }) => agentId],
  ['state', shownState],
  ['exit_code', ({ outcome }) => (outcome?.kind === 'exited' ? outcome.code : undefined)],
  [
    'detail',
    (reply) => {
      const detail = describeOutcome(reply)
      return detail && printable(detail)
    },
  ],
  ['duration_ms', ({ durationMs }) => durationMs],
  ['latency_ms', ({ latencyMs }) => latencyMs],
  ['stdout_bytes', ({ stdoutBytes }) => stdoutBytes],
  ['stderr_bytes', ({ stderrBytes }) => stderrBytes],
  ['dropped_bytes', ({ droppedBytes }) => droppedBytes],
  ['output_state', ({ output }) => output],
  ['late', ({ late }) => (late ? 'yes' : undefined)],
  ['identity', identityOf],
  ['host_name', ({ agentId }, names) => names.of(agentId)],
]
