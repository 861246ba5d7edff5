import type { SqsServer } from '../support/sqs.ts'
import { startCountingProxy } from './countingProxy.ts'
import { processFleet } from './fleets.ts'
import { median } from './rounds.ts'
import { agentsAreIdle, startOurs } from './sides.ts'

/** What one agent asks of SQS because of one run, from one long poll to the next. */
export interface AgentRequests {
  readonly receives: number
  readonly sends: number
  /** How long the command was visible, milliseconds, median. */
  readonly visibleMs: number
  /** Receives by {@link expectedReceives}. */
  readonly expected: number
}

/** Means over `rounds` runs of `uname -a` over process agents whose requests pass a proxy. Their facts are left out. */
export async function measureAgentRequests(
  server: SqsServer,
  agents: number,
  rounds: number,
): Promise<AgentRequests> {
  const proxy = await startCountingProxy(server.endpoint)
  const { start } = processFleet(proxy, agents)
  const ours = await startOurs(server, { ...processFleet(server, agents), start })
  // The first one asks for URLs and sizes, too.
  await ours.run()
  await agentsAreIdle()
  const from = proxy.passed.length
  const visible: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const startedAt = performance.now()
    await ours.run()
    visible.push(performance.now() - startedAt)
    await agentsAreIdle()
  }
  const made = proxy.passed.slice(from).filter(({ queue }) => !queue.endsWith('_facts'))
  const receives = made.filter(({ operation }) => operation === 'ReceiveMessage').length
  await ours.stop()
  await proxy.stop()
  return {
    receives: receives / rounds / agents,
    sends: (made.length - receives) / rounds / agents,
    visibleMs: median(visible),
    expected: visible.reduce((sum, each) => sum + expectedReceives(each), 0) / rounds,
  }
}

/**
 * The long poll that follows the command, and those before it that bring what is known already: at once, and after pauses
 * of 0.1, 0.2, 0.4, 0.8 and then 1 s each, as long as it is visible (agent/src/intake/pollPace.ts, without its chance). SQS shows
 * it to all who ask.
 */
function expectedReceives(visibleMs: number): number {
  let receives = 1
  for (let at = 0, pauseMs = 100; at < visibleMs; at += pauseMs, pauseMs = Math.min(1_000, pauseMs * 2))
    receives += 1
  return receives
}
