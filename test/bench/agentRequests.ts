import { receivesWhileVisible } from '../../src/queues/price.ts'
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
  /** Receives by {@link receivesWhileVisible}. */
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
    expected: visible.reduce((sum, each) => sum + receivesWhileVisible(each / 1000), 0) / rounds,
  }
}
