import * as vscode from 'vscode'
import { aborted, orAborted } from '../../async/aborted.ts'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import { costDetails } from '../../master/costDetails.ts'
import type { Run } from '../../master/engine/run.ts'
import { describeFleetChange } from '../../master/fleet/fleetChange.ts'
import { remainingAgents, remainingDetails } from '../../master/fleet/remainingDetails.ts'
import { everyone } from '../../protocol/filter/writtenFilter.ts'
import { LocalizableError } from '../../text/localizable.ts'
import type { Connections } from '../environments/connections.ts'
import { showWait } from './cancellation.ts'
import { askPerson, type Documents } from './question.ts'
import { describeAction } from './runPlan.ts'

export interface ContinueParts {
  readonly connections: Pick<Connections, 'refresh'>
  readonly documents: Documents
  readonly run: Pick<Run, 'state' | 'resume'>
  readonly environment: DeclaredEnvironment
}

/**
 * Continues a paused rollout, which sends the command to further agents: once the user has seen what is left of it, and has
 * confirmed that as its environment requires. The fleet is read before the question and after the answer, and the question
 * is asked again if other remaining agents are missing by then, or the remaining agents have changed.
 * @returns whether it continues
 * @throws QueueError when the fleet or the limit of the queue cannot be read, LocalizableError when the command is too large for
 *   the queue: the rollout stays paused
 */
export async function continueRun(
  { connections, documents, run, environment }: ContinueParts,
  signal: AbortSignal,
): Promise<boolean> {
  const { name, protected: isProtected } = environment.environment
  const { t } = vscode.l10n
  const stop = new AbortController()
  const stopped = AbortSignal.any([signal, stop.signal])
  const look = () =>
    showWait(
      t('Looking for agents of {0}…', name),
      { stop: () => stop.abort() },
      orAborted(connections.refresh(environment), stopped),
    )
  let shown: Rest | undefined
  for (;;) {
    const opened = await look()
    if (opened === aborted || run.state.phase !== 'paused') return false
    const left = remainingAgents(run.state)
    const reach = opened.master.reach({ filter: everyone, targets: left.map(({ agentId }) => agentId) })
    const rest = { left, there: reach.agents }
    const change = shown && changeOf(shown, rest)
    if (shown !== undefined && change === undefined) {
      run.resume()
      return true
    }
    const costOf = await orAborted(opened.master.remainingCosting(stopped), stopped)
    if (costOf === aborted || run.state.phase !== 'paused') return false
    const cost = costOf(run.state, reach.known)
    if (cost.kind === 'too-large') throw new LocalizableError(cost.why)
    const details = [...remainingDetails(run.state, reach, t), ...costDetails(cost, t)]
    const question = {
      environment: name,
      sentence: t(
        '{0}: continue the rollout on {1} with the remaining agents ({2}).',
        describeAction(run.state.request.action, t),
        name,
        left.length,
      ),
      ...{ note: change, details, agents: left, yes: t('Continue') },
    }
    const confirmation = isProtected ? { kind: 'type-name' as const, name } : { kind: 'ask' as const }
    if (!(await askPerson(question, confirmation, documents, stopped))) return false
    shown = rest
  }
}

type Agents = readonly { readonly agentId: string; readonly hostname: string }[]

/** The agents to which the command is still sent, and those of them that are seen. */
interface Rest {
  readonly left: Agents
  readonly there: Agents
}

function changeOf(shown: Rest, now: Rest): string | undefined {
  return (
    describeFleetChange(shown.left, now.left, vscode.l10n.t) ??
    describeFleetChange(shown.there, now.there, vscode.l10n.t)
  )
}
