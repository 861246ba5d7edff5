// Many agents in one process: real protocol code, real HTTP, the agent's own way of listening; only the execution is
// replaced by a given output.
import { listen } from '../../agent/src/intake/listen.ts'
import { openBody, sealBody } from '../../src/protocol/envelope.ts'
import { matchesFilter } from '../../src/protocol/filter/match.ts'
import { parseFilter } from '../../src/protocol/filter/parse.ts'
import type { CommandMessage } from '../../src/protocol/messages.ts'
import { createQueues, type Queues, type ReceivedMessage } from '../../src/queues/queues.ts'
import { createSender } from '../../src/queues/sender.ts'
import { resultBody, unameOutput } from './bodies.ts'

const { endpoint, environment, first, count } = JSON.parse(process.argv[2] ?? '{}')
const connect = () =>
  createQueues({
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
/** A client has 128 connections, and each long poll and each reply occupies one. */
const clients = Array.from({ length: Math.ceil(count / 60) }, connect)
const clientOf = (agent: number) => clients[agent % clients.length] as Queues
const abort = new AbortController()
const startedAt = Date.now()
const facts = createSender(connect(), `${environment}_facts`, { signal: abort.signal })

process.stdin.resume().on('end', () => process.exit())
await Promise.all(Array.from({ length: count }, (_, index) => startAgent(first + index)))
console.log('ready')

async function startAgent(number: number): Promise<void> {
  const agentId = `sim-${String(number).padStart(5, '0')}`
  const own = {
    hostname: agentId,
    role: number % 3 === 0 ? 'web' : 'db',
    os: { family: 'Debian', release: { major: '12' } },
  }
  const queues = clientOf(number)
  const seen = new Set<string>()
  const listening = {
    queues,
    queue: `${environment}_master`,
    pollIntervalMs: () => 1000,
    random: Math.random,
    onWarning: () => {},
    onMessage: (received: ReceivedMessage) => {
      const { message } = openBody(received.body, 'command')
      if (seen.has(message.runId)) return
      seen.add(message.runId)
      if (message.environment === environment && matchesFilter(parseFilter(message.filter), own))
        void answer(message, agentId, queues)
    },
  }
  // A signal of its own, as in a process of its own: thousands of listeners on one would cost more than all the rest.
  void listen(listening, new AbortController().signal)
  await facts.send(
    sealBody({
      ...{ type: 'facts', agentId, hostname: agentId, environment, version: '0.1.0', startedAt },
      ...{ sentAt: Date.now(), intervalMs: 30_000, running: [], facts: own },
    }),
  )
}

async function answer({ runId, replyTo }: CommandMessage, agentId: string, queues: Queues): Promise<void> {
  await queues.send(replyTo, resultBody(runId, { agentId, hostname: agentId }, unameOutput))
}
