import { sweepFacts } from '../../src/master/fleet/factsSweep.ts'
import { Inventory } from '../../src/master/fleet/inventory.ts'
import { inventoryBounds } from '../../src/master/fleet/inventoryLoad.ts'
import { sealBody } from '../../src/protocol/envelope.ts'
import type { FactsMessage } from '../../src/protocol/messages.ts'
import type { ReceivedMessage } from '../../src/queues/queues.ts'
import { emptyQueue, playedQueues } from './playedQueues.ts'

/** A process that sweeps a facts queue on which a flood comes after the facts of a good agent, and says whom it lists. */
const [mode = 'bounded', ghosts = '400'] = process.argv.slice(2)
const endless = { heapBytes: Infinity, unprovenHeapBytes: Infinity, agentsPerInstance: Infinity }

/** All that the bounds of a message allow. */
const large = { list: Array.from({ length: 24_000 }, () => ({})) }
const now = Date.now()

function factsOf(agentId: string, facts: FactsMessage['facts']): FactsMessage {
  return {
    ...{ type: 'facts', agentId, hostname: agentId, environment: 'flooded', version: '0', startedAt: 1 },
    ...{ sentAt: now, intervalMs: 30_000, running: [], facts },
  }
}

function received(message: FactsMessage, senderId: string): ReceivedMessage {
  const { agentId } = message
  const body = sealBody(message)
  return { messageId: agentId, receiptHandle: agentId, body, sentAt: now, senderId, receiveCount: 1 }
}

function* flood(): Generator<ReceivedMessage> {
  yield received(factsOf('good', {}), 'AIDAFLEET')
  for (let ghost = 0; ghost < Number(ghosts); ghost += 1) {
    const senderId = ghost % 2 === 0 ? 'AROAWEB:i-0666666666666666f' : `AROAOTHER:session-${ghost}`
    yield received(factsOf(`ghost-${ghost}`, large), senderId)
  }
  yield received(factsOf('i-00000000000000001', {}), 'AROAWEB:i-00000000000000001')
}

const messages = flood()
const queues = playedQueues({
  attributes: async () => ({ ...emptyQueue, visible: Number(ghosts) + 2 }),
  receive: async () =>
    Array.from({ length: 10 }, () => messages.next().value).filter((each) => each !== undefined),
})
const inventory = new Inventory(() => now, mode === 'bounded' ? inventoryBounds() : endless)
const environment = { name: 'flooded', queues: { commands: 'c', replies: 'r', facts: 'f' } }
const { problems, unreadable } = await sweepFacts(queues, environment, inventory, () => now)
const { agents, look } = inventory.snapshot()
const named = agents.map(({ agentId }) => agentId)
const ghostsListed = named.filter((agentId) => agentId.startsWith('ghost')).length
const good = named.filter((agentId) => !agentId.startsWith('ghost'))
process.stdout.write(JSON.stringify({ good, ghostsListed, problems, unreadable, look: look.kind }))
