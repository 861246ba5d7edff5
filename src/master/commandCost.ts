import { randomUUID } from 'node:crypto'
import type { CommandMessage } from '../protocol/messages.ts'
import { receivesWhileVisible } from '../queues/price.ts'
import { billedUnits } from '../queues/requestCounts.ts'
import { planSteps, stepsLeft } from '../run/rollout.ts'
import type { RecordedRequest, RunRequest } from '../run/runRequest.ts'
import type { RunState } from '../run/runState.ts'
import { type Localizable, LocalizableError } from '../text/localizable.ts'
import type { Reach } from './fleet/reach.ts'
import { commandDrafts } from './sending/commandDrafts.ts'

/** What a command takes and costs if it is sent. */
export type CommandCost =
  /** It cannot be sent, for this reason. */
  | { readonly kind: 'too-large'; readonly why: Localizable }
  | {
      readonly kind: 'sendable'
      /** Messages, over all steps of a rollout. */
      readonly messages: number
      readonly bytes: number
      /** Whether a step takes more than SQS bills as one request. */
      readonly isLarge: boolean
      /** Requests that SQS bills: for a command that is done at once, and for one that takes all of its time. */
      readonly requests: { readonly least: number; readonly most: number }
    }

/** What a command takes and costs if it is sent to these agents. */
export type CostOf = (request: RunRequest, reach: Pick<Reach, 'named' | 'known'>) => CommandCost

/** What it takes and costs to go on with a rollout. @param known agents of the environment */
export type RemainingCostOf = (state: RolloutState, known: number) => CommandCost

type RolloutState = Pick<RunState, 'request' | 'steps' | 'stepsStarted' | 'isRolloutOver'>

/** What is the same in all commands of a master. */
export type CommandFrame = Pick<CommandMessage, 'environment' | 'issuer' | 'replyTo'> & {
  /** The queue's MaximumMessageSize. */
  readonly limitBytes: number
  /** Name of the key that signs, if any. */
  readonly key: string | undefined
}

/** How long a command that is done at once is visible: a second, and one more for each of this many replies. */
const repliesASecond = 3_500

/**
 * The messages that {@link import('./master.ts').Master.start} would send, and the requests that they cause: SQS bills each
 * started 64 KB that is sent or received, and all agents of the environment receive a command, again and again while it is
 * visible. Of steps with the same number of agents only the first is measured: the others are as large, up to some bytes.
 */
export function commandCost(
  request: RunRequest,
  { named, known }: Pick<Reach, 'named' | 'known'>,
  frame: CommandFrame,
): CommandCost {
  const agentIds = named.map(({ agentId }) => agentId)
  const steps = request.unseen === 'included' ? [agentIds] : planSteps(agentIds, request.rollout)
  return costOfSteps({ ...request, filter: request.filter.text }, steps, known, frame)
}

/**
 * The same for the steps of a rollout that have not started. Values of secrets, which a run does not keep, are not counted.
 * @param known agents of the environment
 */
export function remainingCost(state: RolloutState, known: number, frame: CommandFrame): CommandCost {
  return costOfSteps(state.request, stepsLeft(state), known, frame)
}

function costOfSteps(
  request: RecordedRequest,
  steps: readonly (readonly string[])[],
  known: number,
  frame: CommandFrame,
): CommandCost {
  const replies = sum(steps.map(({ length }) => length))
  const bySize = new Map<number, readonly number[]>()
  const total = { messages: 0, bytes: 0, units: 0, isLarge: false }
  try {
    for (const step of steps) {
      const sizes = bySize.get(step.length) ?? sizesOf(request, step, frame)
      bySize.set(step.length, sizes)
      const units = sum(sizes.map(billedUnits))
      total.messages += sizes.length
      total.bytes += sum(sizes)
      total.units += units
      total.isLarge ||= units > 1
    }
  } catch (error) {
    if (error instanceof LocalizableError) return { kind: 'too-large', why: error.localizable }
    throw error
  }
  const { messages, bytes, units, isLarge } = total
  const atOnceSeconds = 1 + known / repliesASecond
  const receives = (seconds: number) => units * known * receivesWhileVisible(seconds)
  return {
    ...{ kind: 'sendable', messages, bytes, isLarge },
    requests: {
      least: units + receives(atOnceSeconds) + replies,
      // The queue keeps a command for a minute. An agent that is not done at once also sends an acknowledgement.
      most: units + receives(Math.min(60, atOnceSeconds + request.timeoutMs / 1000)) + 2 * replies,
    },
  }
}

/** Bytes of each message of one step. */
function sizesOf(request: RecordedRequest, step: readonly string[], frame: CommandFrame): number[] {
  const { filter, action, timeoutMs, outputLimitBytes, unseen } = request
  const { limitBytes, key, ...same } = frame
  const command: CommandMessage = {
    ...{ type: 'command', runId: randomUUID(), issuedAt: Date.now(), ttlMs: 60_000, ...same },
    ...{ filter, action, timeoutMs },
    ...(unseen === 'included' ? {} : { targets: [...step] }),
    ...(outputLimitBytes === undefined ? {} : { outputLimitBytes }),
  }
  return commandDrafts(command, limitBytes, key).map(({ bytes }) => bytes)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
