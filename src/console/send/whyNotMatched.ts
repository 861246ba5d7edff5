import * as vscode from 'vscode'
import type { FleetSnapshot, KnownAgent } from '../../master/fleet/fleetSnapshot.ts'
import { explainFilter } from '../../protocol/filter/explain.ts'
import { matchesFilter } from '../../protocol/filter/match.ts'
import type { WrittenFilter } from '../../protocol/filter/writtenFilter.ts'
import { plainText } from '../text/plainText.ts'
import { untilAborted } from './cancellation.ts'

/** Agents whose reasons are listed: explaining this many takes some 100 ms. */
const mostExplained = 10_000

/** The agents that a filter leaves out, each with the reason, to find one by its name. Chooses nothing. */
export async function showWhyNotMatched(
  filter: WrittenFilter,
  fleet: FleetSnapshot,
  signal: AbortSignal,
): Promise<void> {
  const items = leftOut(filter, fleet).map(({ agent, reason }) => ({
    label: plainText(agent.hostname),
    description: plainText(agent.agentId),
    detail: plainText(reason),
  }))
  const options = {
    title: vscode.l10n.t('Not matched by {0}', plainText(filter.text)),
    placeHolder: vscode.l10n.t('Find an agent by its name, and read why. Escape goes back.'),
    ...{ matchOnDescription: true, matchOnDetail: true, ignoreFocusOut: true },
  }
  await untilAborted(signal, async (token) => vscode.window.showQuickPick(items, options, token))
}

/** The agents that a command with this filter would not reach, and why: by their facts, or because they do not report. */
export function leftOut(
  filter: WrittenFilter,
  fleet: FleetSnapshot,
): { readonly agent: KnownAgent; readonly reason: string }[] {
  return fleet.agents
    .filter(({ state, facts }) => state === 'gone' || !matchesFilter(filter.parsed, facts))
    .slice(0, mostExplained)
    .map((agent) => ({ agent, reason: reasonFor(agent, filter) }))
}

function reasonFor({ state, facts, hasLeft }: KnownAgent, filter: WrittenFilter): string {
  const { summary } = explainFilter(filter.parsed, facts)
  if (state !== 'gone') return summary
  const gone =
    hasLeft === true
      ? vscode.l10n.t('It has stopped.')
      : vscode.l10n.t('It is not reporting, so a command would not reach it.')
  return `${gone} ${summary}`
}
