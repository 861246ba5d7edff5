import { stateNames } from '../protocol/verdict.ts'
import { actionName } from '../run/actionText.ts'
import { chosenIn, describeTargets } from '../run/targetText.ts'
import { shownCounts, shownState } from '../run/unexpected.ts'
import { printable, printableLines } from '../terminal/printable.ts'
import { localize } from '../text/localizable.ts'
import { inEnglish } from '../text/translate.ts'
import { groupReplies } from './grouping.ts'
import type { ReportedRun } from './reportedRun.ts'

/** Bounds of a message for people: groups, lines of each, and characters of a line. */
export const markdownLimits = { groups: 10, lines: 15, characters: 200 }

/** Of an output that may have a gigabyte, only the end is read: bytes, more than the lines that are shown need. */
const endBytes = 65_536

/**
 * A run as a block of Markdown for a chat or an issue: what was run, the counts, and the groups with the end of their
 * output, outliers first. All text of servers is in code, from which it cannot get out.
 */
export async function runMarkdown(run: ReportedRun): Promise<string> {
  const { state } = run
  const { request, environment } = state
  const targets = describeTargets(request.filter, chosenIn(state), inEnglish)
  const counts = Object.entries(shownCounts(state))
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${localize(stateNames[name as keyof typeof stateNames], inEnglish)}`)
  const parts = [
    `${code(actionName(request.action))} on ${code(`${environment}: ${targets}`)}`,
    `${counts.join(', ')} · ${new Date(state.startedAt).toISOString()} · run ${code(state.runId)}`,
  ]
  const groups = groupReplies(state)
  for (const { agentIds, hosts, detail, representative } of groups.slice(0, markdownLimits.groups)) {
    const reply = state.replies.get(representative)
    if (reply === undefined) continue
    const verdict = localize(stateNames[shownState(reply)], inEnglish)
    const how = detail === undefined ? verdict : `${verdict}, ${code(detail)}`
    parts.push(`**${agentIds.length}** ${how}: ${code(hosts)}`)
    const from = Math.max(0, reply.stdoutBytes + reply.stderrBytes - endBytes)
    const lines = printableLines(await run.output(representative, from, endBytes), false)
    if (lines.length > 0) parts.push(fenced(lines, from > 0))
  }
  const left = groups.length - markdownLimits.groups
  if (left > 0) parts.push(`… and ${left} more groups`)
  return `${parts.join('\n\n')}\n`
}

/** One line of code between more grave accents than it has in a row, so that it ends where it should. */
function code(text: string): string {
  const line = cut(printable(text))
  const fence = '`'.repeat(longestRun(line) + 1)
  const isOpen = line === '' || /^`|`$|^ .* $/.test(line)
  return isOpen ? `${fence} ${line} ${fence}` : `${fence}${line}${fence}`
}

/** @param isCut whether there is output before the lines, so that they cannot be counted */
function fenced(lines: readonly string[], isCut: boolean): string {
  const shown = lines.slice(-markdownLimits.lines).map(cut)
  const fence = '`'.repeat(Math.max(3, longestRun(shown.join('\n')) + 1))
  const left = lines.length - shown.length
  const before = isCut ? ['… more before'] : left > 0 ? [`… ${left} lines before`] : []
  return [fence, ...before, ...shown, fence].join('\n')
}

function cut(line: string): string {
  const characters = [...line]
  return characters.length > markdownLimits.characters
    ? `${characters.slice(0, markdownLimits.characters).join('')}…`
    : line
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length))
}
