import { setTimeout as delay } from 'node:timers/promises'
import type { Environment } from './environment.ts'
import type { Side } from './iamPolicy.ts'
import { type Permission, probePermissions } from './permissionProbe.ts'
import type { QueueAttributes } from './queueAttributes.ts'
import { QueueError } from './queueError.ts'
import type { Queues } from './queues.ts'
import { type QueueRole, queueRoles } from './setUp.ts'

/** What was measured of an environment's queues; `diagnoseProbe` turns it into findings. */
export interface Probe {
  readonly environment: Environment
  readonly side: Side
  readonly queues: Readonly<Record<QueueRole, ProbedQueue>>
  readonly permissions: readonly Permission[]
  /** SQS's clock minus ours. */
  readonly clockOffsetMs: number | undefined
}

export type ProbedQueue =
  | {
      readonly attributes: QueueAttributes
      /** Commands that were hidden and did not become visible again within {@link hiddenForMs}. */
      readonly hidden: number
    }
  | { readonly error: QueueError }

/** A master that withdraws a command hides the others for 2 s; what is hidden for longer is held by another consumer. */
const hiddenForMs = 3_000

/**
 * Checks the three queues as `side` uses them, without changing anything. Takes 3 s longer when there are hidden commands.
 * Does not reject when SQS fails: that becomes a finding.
 */
export async function probeEnvironment(
  queues: Queues,
  environment: Environment,
  side: Side,
  signal?: AbortSignal,
): Promise<Probe> {
  const probe = async (role: QueueRole): Promise<ProbedQueue> => {
    try {
      return await probeQueue(queues, environment.queues[role], role === 'commands', signal)
    } catch (error) {
      if (error instanceof QueueError) return { error }
      throw error
    }
  }
  const [commands, replies, facts] = await Promise.all(queueRoles.map(probe))
  const found = { commands, replies, facts } as Record<QueueRole, ProbedQueue>
  const reachable = queueRoles.some((role) => 'attributes' in found[role])
  return {
    environment,
    side,
    queues: found,
    permissions: reachable ? await probePermissions(queues, environment, side, signal) : [],
    clockOffsetMs: queues.clockOffsetMs,
  }
}

async function probeQueue(
  queues: Queues,
  queue: string,
  watchHidden: boolean,
  signal?: AbortSignal,
): Promise<ProbedQueue> {
  let attributes = await queues.attributes(queue, signal)
  let hidden = watchHidden ? (attributes.notVisible ?? 0) : 0
  const until = performance.now() + hiddenForMs
  while (hidden > 0 && performance.now() < until) {
    await delay(hiddenForMs / 6, undefined, { signal })
    attributes = await queues.attributes(queue, signal)
    hidden = Math.min(hidden, attributes.notVisible ?? 0)
  }
  return { attributes, hidden }
}
