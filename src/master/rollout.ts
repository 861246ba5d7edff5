import type { Amount, Rollout } from './runRequest.ts'

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

/** Whether so many failures among so many expected agents end the rollout. */
export function exceedsBudget(failures: number, expected: number, rollout: Rollout): boolean {
  return failures > amount(rollout.maxFailures ?? { count: 0 }, expected, Math.floor)
}

function amount(value: Amount, of: number, round: (x: number) => number): number {
  // The product of a percentage is nudged so that 7 % of 100 is 7, not 7.000000000000001.
  return 'count' in value ? Math.floor(value.count) : round(Number(((value.percent * of) / 100).toFixed(6)))
}
