import * as vscode from 'vscode'
import type { Draft } from '../send/runPlan.ts'
import { targetOfNodes } from '../send/runTarget.ts'
import type { Sending } from '../send/sending.ts'
import { chosenNodes } from './chosenNodes.ts'

/** A running agent answers at once, so a few seconds are enough. */
const answerWithinMs = 10_000

/** "Ping Agents…" */
export function pingAgents(sending: Sending) {
  return (clicked?: unknown, selected?: unknown) =>
    sendAction(sending, 'ping', vscode.l10n.t('Ping Agents'), clicked, selected)
}

/** "Refresh Facts…": agents read all their fact sources again and publish what they find. */
export function refreshFacts(sending: Sending) {
  return (clicked?: unknown, selected?: unknown) =>
    sendAction(sending, 'facts', vscode.l10n.t('Refresh Facts'), clicked, selected)
}

async function sendAction(
  sending: Sending,
  kind: 'ping' | 'facts',
  title: string,
  clicked: unknown,
  selected: unknown,
) {
  const nodes = chosenNodes(clicked, selected)
  const start: Draft | undefined =
    nodes === undefined ? await sending.draftOf(clicked) : (targetOfNodes(nodes, vscode.l10n.t) ?? {})
  if (start === undefined) return undefined
  return sending.ask({ ...start, action: { kind }, timeoutMs: start.timeoutMs ?? answerWithinMs }, title)
}
