import type { RailStop, RolloutHeader } from '../../page/runHeader.ts'
import { isFailure, isVerdict } from '../../protocol/verdict.ts'
import { agentsUnderWay, hasCanary, stepsLeft, windowSize } from '../../run/rollout.ts'
import type { RunState } from '../../run/runState.ts'

/** Batches in the same state are one part of the rail if there would be more parts than this. */
const mostStops = 7

/**
 * A rollout as a rail from its first part to its last.
 * @returns undefined without a rollout, or before its steps are planned
 */
export function railOf(state: RunState): RolloutHeader | undefined {
  const { request, steps } = state
  const { rollout } = request
  if (rollout === undefined || steps.length === 0) return undefined
  const canary = hasCanary(state)
  const isWindow = rollout.window !== undefined
  const parts = steps.map((step, index) => stopOf(state, step, index, canary))
  const [first, others] = canary ? [parts.slice(0, 1), parts.slice(1)] : [[], parts]
  const joined = isWindow ? joinAll(others) : others.length > mostStops ? joinEqual(others) : others
  return {
    stops: [...first, ...joined],
    batches: isWindow ? 0 : others.length,
    canary,
    ...(rollout.window === undefined ? {} : { window: windowSize(rollout.window, countOf(steps)) }),
    underWay: agentsUnderWay(state),
    left: countOf(stepsLeft(state)),
  }
}

/** In which step of its rollout each agent is: steps are planned once. */
export class StepNumbers {
  #of: ReadonlyMap<string, number> | undefined

  /** 0 is the first step. undefined for an agent of no step, and for those of a window, which have no step in common. */
  of({ request, steps }: RunState, agentId: string): number | undefined {
    const { rollout } = request
    if (rollout === undefined || steps.length === 0) return undefined
    this.#of ??= new Map(
      (rollout.window === undefined ? steps : hasCanary({ request, steps }) ? steps.slice(0, 1) : []).flatMap(
        (step, index) => step.map((agent) => [agent, index] as const),
      ),
    )
    return this.#of.get(agentId)
  }
}

function stopOf(state: RunState, step: readonly string[], index: number, canary: boolean): RailStop {
  let ended = 0
  let failed = 0
  let notStarted = 0
  for (const agentId of step) {
    const { state: reply = 'expected' } = state.replies.get(agentId) ?? {}
    if (!isVerdict(reply)) continue
    if (reply === 'not-started') notStarted += 1
    else ended += 1
    if (isFailure(reply)) failed += 1
  }
  const isCanary = canary && index === 0
  const number = isCanary || state.request.rollout?.window !== undefined ? 0 : index + (canary ? 0 : 1)
  const kind = isCanary ? 'canary' : state.request.rollout?.window === undefined ? 'batches' : 'window'
  const isStarted = index < state.stepsStarted
  const how =
    notStarted > 0 || (!isStarted && state.isRolloutOver)
      ? 'stopped'
      : !isStarted
        ? 'waiting'
        : ended === step.length
          ? 'done'
          : 'running'
  return { kind, first: number, last: number, agents: step.length, ended, failed, state: how }
}

/** Neighbours in the same state as one. */
function joinEqual(stops: readonly RailStop[]): RailStop[] {
  const joined: RailStop[] = []
  for (const stop of stops) {
    const before = joined.at(-1)
    if (before?.state === stop.state) joined[joined.length - 1] = join(before, stop)
    else joined.push(stop)
  }
  return joined
}

/** The places of a window as one part: it runs as long as there is something to run in it. */
function joinAll(stops: readonly RailStop[]): RailStop[] {
  if (stops.length === 0) return []
  const whole = stops.reduce(join)
  const states = new Set(stops.map(({ state }) => state))
  const isUnderWay = states.has('running') || (states.has('done') && states.has('waiting'))
  const state = isUnderWay ? 'running' : states.has('stopped') ? 'stopped' : whole.state
  return [{ ...whole, state }]
}

function join(one: RailStop, other: RailStop): RailStop {
  return {
    ...one,
    last: other.last,
    agents: one.agents + other.agents,
    ended: one.ended + other.ended,
    failed: one.failed + other.failed,
  }
}

function countOf(steps: readonly (readonly string[])[]): number {
  return steps.reduce((sum, { length }) => sum + length, 0)
}
