import { type Localizable, say } from '../text/localizable.ts'
import type { Amount, Rollout } from './runRequest.ts'
import { failures, isSettled, type RunState } from './runState.ts'

/**
 * The steps of a rollout in their order: canary, then batches, or the single agents of a window. Without a rollout one step
 * with all agents.
 */
export function planSteps(agentIds: readonly string[], rollout: Rollout | undefined): string[][] {
  if (rollout === undefined || agentIds.length === 0) return [[...agentIds]]
  const canary = canaryOf(agentIds, rollout)
  const first = new Set(canary)
  const others = agentIds.filter((agentId) => !first.has(agentId))
  const steps = canary.length > 0 ? [canary] : []
  const size = stepSize(rollout, agentIds.length)
  for (let start = 0; start < others.length; start += size) steps.push(others.slice(start, start + size))
  return steps
}

/** The agents that a rollout starts with on their own: those chosen for it, or else the first ones. */
export function canaryOf(agentIds: readonly string[], { canary = 0, canaryAgents = [] }: Rollout): string[] {
  const chosen = new Set(canaryAgents)
  const reached = agentIds.filter((agentId) => chosen.has(agentId))
  return reached.length > 0 ? reached : agentIds.slice(0, Math.max(0, Math.floor(canary)))
}

/** The steps that are still to start; none when the rollout has ended before its last step. */
export function stepsLeft({
  steps,
  stepsStarted,
  isRolloutOver,
}: Pick<RunState, 'steps' | 'stepsStarted' | 'isRolloutOver'>): readonly (readonly string[])[] {
  return isRolloutOver ? [] : steps.slice(stepsStarted)
}

/**
 * What a rollout does now. `wait`: nothing, as the current step is not over, or the window is full. `next`: that many steps may
 * start after the pause; `held` until the run is resumed.
 */
export type RolloutMove =
  | { readonly kind: 'wait' }
  | { readonly kind: 'held' }
  | { readonly kind: 'next'; readonly steps: number; readonly pauseMs: number }
  | { readonly kind: 'stop'; readonly why: Localizable }

export function nextMove(state: RunState): RolloutMove {
  const { rollout } = state.request
  const left = stepsLeft(state)
  if (rollout === undefined || state.phase === 'over' || left.length === 0) return { kind: 'wait' }
  const failed = failures(state)
  if (exceedsBudget(failed, expectedCount(state), rollout)) {
    return {
      kind: 'stop',
      why: failed === 1 ? say('1 agent has failed') : say('{0} agents have failed', failed),
    }
  }
  const underWay = agentsUnderWay(state)
  // The canary is a step, also before a window.
  const isCanary = state.stepsStarted <= 1 && hasCanary(state)
  const hasWindow = rollout.window !== undefined && !(isCanary && (underWay > 0 || state.stepsStarted === 0))
  const free = hasWindow
    ? windowSize(rollout.window, expectedCount(state)) - underWay
    : Number(underWay === 0)
  if (free <= 0) return { kind: 'wait' }
  if (state.phase === 'paused') return { kind: 'held' }
  const pauses = state.stepsStarted > 0 && (rollout.window === undefined || isCanary)
  return { kind: 'next', steps: Math.min(free, left.length), pauseMs: pauses ? (rollout.pauseMs ?? 0) : 0 }
}

/** Whether the first step is a canary. */
export function hasCanary({ request, steps }: Pick<RunState, 'request' | 'steps'>): boolean {
  const { rollout } = request
  return rollout !== undefined && steps.length > 0 && canaryOf(steps.flat(), rollout).length > 0
}

/** Agents of the steps started so far that are still to finish, and agents that joined. */
export function agentsUnderWay(state: RunState): number {
  let waiting = 0
  for (const step of stepsLeft(state)) {
    for (const agentId of step) {
      const reply = state.replies.get(agentId)
      if (reply !== undefined && !isSettled(reply)) waiting += 1
    }
  }
  return state.unsettled - waiting
}

/** Agents of a window, at least 1. @param expected agents of the run */
export function windowSize(window: Amount, expected: number): number {
  return Math.max(1, amount(window, expected, Math.ceil))
}

function stepSize({ batch, window }: Rollout, expected: number): number {
  if (window !== undefined) return 1
  return batch === undefined ? Math.max(1, expected) : Math.max(1, amount(batch, expected, Math.ceil))
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
