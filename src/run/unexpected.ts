import { type AgentState, stateNames } from '../protocol/verdict.ts'
import { type Localizable, say } from '../text/localizable.ts'
import type { HeardEvent } from './runEvent.ts'
import type { ReplyState, RunState } from './runState.ts'

/**
 * Whether no command of the run that was sent names this agent: it is not one of the run's agents, or its step has not
 * started. False where commands name nobody: runs that include unseen agents, and those of earlier versions.
 */
export function isUnnamed({ request, replies }: RunState, agentId: string): boolean {
  if (request.unseen !== 'left-out') return false
  const reply = replies.get(agentId)
  return reply === undefined || !reply.expected || reply.sentAt === undefined
}

/** Whether what the agent reports means that it executes or has executed the command. */
export function reportsExecution(event: HeardEvent): boolean {
  if (event.kind === 'refused') return false
  if (event.kind !== 'resultReceived' || event.gathered !== undefined) return true
  const { outcome } = event
  return outcome.kind === 'cancelled' ? outcome.started : outcome.kind !== 'not-executed'
}

/** The state as people see it: an agent that executes unexpectedly is shown as that also while it runs. */
export function shownState({ state, unexpected }: Pick<ReplyState, 'state' | 'unexpected'>): AgentState {
  return unexpected ? 'unexpected' : state
}

/** Numbers of agents by {@link shownState}. */
export function shownCounts({ counts, unexpected }: RunState): Record<AgentState, number> {
  const running = unexpected - counts.unexpected
  return { ...counts, unexpected, running: counts.running - running }
}

/** How the command stands or ended on an agent that executes it unexpectedly; undefined where its exit code says it. */
export function endOfUnexpected({
  state,
  outcome,
}: Pick<ReplyState, 'state' | 'outcome'>): Localizable | undefined {
  if (outcome === undefined) return state === 'running' ? stateNames.running : say('result unknown')
  switch (outcome.kind) {
    case 'exited':
      return undefined
    case 'signalled':
      return say('ended by {0}', outcome.signal)
    case 'not-executed':
      return say('could not be executed')
    default:
      return stateNames[outcome.kind]
  }
}
