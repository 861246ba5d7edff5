import { type Localizable, say } from '../text/localizable.ts'
import type { Amount, Rollout } from './runRequest.ts'
import { failures, isSettled, type RunState } from './runState.ts'

/** The steps of a rollout in their order: canary, then batches. Without a rollout one step with all agents. */
export function planSteps(agentIds: readonly string[], rollout: Rollout | undefined): string[][] {
  if (rollout === undefined || agentIds.length === 0) return [[...agentIds]]
  const canary = Math.min(Math.max(0, Math.floor(rollout.canary ?? 0)), agentIds.length)
  const steps = canary > 0 ? [agentIds.slice(0, canary)] : []
  const size =
    rollout.batch === undefined
      ? agentIds.length
      : Math.max(1, amount(rollout.batch, agentIds.length, Math.ceil))
  for (let start = canary; start < agentIds.length; start += size)
    steps.push(agentIds.slice(start, start + size))
  return steps
}

/**
 * What a rollout does now. `wait`: nothing, as the current step is not over. `next`: the next step may start after the
 * pause between steps; `held` until the run is resumed.
 */
export type RolloutMove =
  | { readonly kind: 'wait' | 'next' | 'held' }
  | { readonly kind: 'stop'; readonly why: Localizable }

export function nextMove(state: RunState): RolloutMove {
  const { rollout } = state.request
  const isDone = state.phase === 'over' || state.stepsStarted >= state.steps.length
  if (rollout === undefined || isDone) return { kind: 'wait' }
  const failed = failures(state)
  if (exceedsBudget(failed, expectedCount(state), rollout)) {
    return {
      kind: 'stop',
      why: failed === 1 ? say('1 agent has failed') : say('{0} agents have failed', failed),
    }
  }
  if (isStepUnderWay(state)) return { kind: 'wait' }
  return { kind: state.phase === 'paused' ? 'held' : 'next' }
}

/** Whether this number of failures among the expected agents ends the rollout. */
export function exceedsBudget(failures: number, expected: number, rollout: Rollout): boolean {
  return failures > amount(rollout.maxFailures ?? { count: 0 }, expected, Math.floor)
}

function amount(value: Amount, of: number, round: (x: number) => number): number {
  // The product of a percentage is nudged so that 7 % of 100 is 7, not 7.000000000000001.
  return 'count' in value ? Math.floor(value.count) : round(Number(((value.percent * of) / 100).toFixed(6)))
}

function expectedCount(state: RunState): number {
  let count = 0
  for (const { expected } of state.replies.values()) if (expected) count += 1
  return count
}

/** Whether an agent of the steps started so far is still to finish. */
function isStepUnderWay(state: RunState): boolean {
  let waiting = 0
  for (const step of state.steps.slice(state.stepsStarted)) {
    for (const agentId of step) {
      const reply = state.replies.get(agentId)
      if (reply !== undefined && !isSettled(reply)) waiting += 1
    }
  }
  return state.unsettled > waiting
}
