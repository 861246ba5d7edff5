import * as vscode from 'vscode'
import { everyone } from '../../protocol/filter/writtenFilter.ts'
import type { RunState } from '../../run/runState.ts'
import type { SendOutcome } from '../send/runs.ts'
import type { Sending } from '../send/sending.ts'
import type { ShownRuns } from './shownRuns.ts'

/** A running agent answers at once, so a few seconds are enough, milliseconds. */
const answerWithinMs = 10_000

/** Pings one agent of a run, of which nothing was heard. */
export async function pingAgent(
  sending: Sending,
  shownRuns: ShownRuns,
  state: RunState,
  agentId: string,
): Promise<SendOutcome> {
  const environment = await shownRuns.declaredFor(state)
  const ping = { action: { kind: 'ping' as const }, timeoutMs: answerWithinMs }
  return sending.ask(
    { environment, filter: everyone, targets: [agentId], ...ping },
    vscode.l10n.t('Ping Agents'),
  )
}

/** Examines the environment of a run. */
export async function examineOf(shownRuns: ShownRuns, state: RunState): Promise<void> {
  const { key } = await shownRuns.declaredFor(state)
  await vscode.commands.executeCommand('ec2-collective.doctor', key)
}
