import { pause } from '../../queues/backOff.ts'
import type { Queues } from '../../queues/queues.ts'
import type { Look } from '../engine/transport.ts'

/** One look takes about this long, milliseconds: another master that withdraws its command may hide ours meanwhile. */
const lookMs = 1_000
/** Between two receives of one look, when the queue has other messages. */
const pauseMs = 200
/** Most messages of one receive. Of more on the queue, a receive returns any. */
const mostReceived = 10

/** A message that should be on the queue, and the agents that it names; undefined: all. */
export interface SoughtMessage {
  readonly messageId: string
  readonly targets: readonly string[] | undefined
}

/**
 * Receives as an agent does, hiding nothing, until there is a message for each of these agents.
 * @throws QueueError
 */
export async function lookForCommand(
  queues: Pick<Queues, 'receive' | 'attributes'>,
  queue: string,
  sought: readonly SoughtMessage[],
  agentIds: readonly string[],
  signal: AbortSignal,
): Promise<Look> {
  const left = agentsOf(sought, agentIds)
  if (left.size === 0) return { kind: 'inconclusive' }
  const lookUntil = performance.now() + lookMs
  do {
    const options = { waitSeconds: lookMs / 1_000, visibilitySeconds: 0 }
    const received = await queues.receive(queue, options, signal)
    const ids = new Set(received.map(({ messageId }) => messageId))
    const found = sought.filter(({ messageId }) => ids.has(messageId))
    for (const agentId of agentsOf(found, left)) left.delete(agentId)
    if (left.size === 0) return { kind: 'seen' }
    if (received.length >= mostReceived) return { kind: 'inconclusive' }
    if (received.length > 0) await pause(pauseMs, signal)
  } while (performance.now() < lookUntil)
  const { visible = 0, notVisible = 0, delayed = 0 } = await queues.attributes(queue, signal)
  if (visible > mostReceived || delayed > 0) return { kind: 'inconclusive' }
  return { kind: 'unseen', agentIds: [...left], isHeld: notVisible > 0 }
}

/** Those of these agents that the messages name. */
function agentsOf(messages: readonly SoughtMessage[], agentIds: Iterable<string>): Set<string> {
  if (messages.some(({ targets }) => targets === undefined)) return new Set(agentIds)
  const named = new Set(messages.flatMap(({ targets }) => targets ?? []))
  return new Set([...agentIds].filter((agentId) => named.has(agentId)))
}
