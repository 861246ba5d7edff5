// A fleet in one process that never is what one waits for: it says the facts of all its agents when told to (a line on
// its standard input), and answers the first command for all of them in batches of ten. Tells the times on its output.
import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { openBody, sealBody } from '../../../src/protocol/envelope.ts'
import type { CommandMessage } from '../../../src/protocol/messages.ts'
import { createQueues } from '../../../src/queues/queues.ts'
import { createSender } from '../../../src/queues/sender.ts'
import { answersOf, replyOf } from './answers.ts'

/** What the fleet tells, a line each: milliseconds since the epoch, right before or after the requests. */
export type FleetLine =
  | { readonly kind: 'facts-said' }
  | { readonly kind: 'commanded'; readonly at: number }
  | { readonly kind: 'answering'; readonly at: number }
  | { readonly kind: 'answered'; readonly at: number }

const { endpoint, environment, agents } = JSON.parse(process.argv[2] ?? '{}')
/** The command takes all of them a second: when the first answers, the page is open as it is for a reader. */
const commandTakesMs = 1000
const { signal } = new AbortController()
const queues = createQueues({
  endpoint,
  region: 'eu-west-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
})
const startedAt = Date.now()
const replies = [0, 97, 211].map((agent) => {
  const { text } = replyOf(agent)
  return [text, createHash('sha256').update(text).digest('hex')] as const
})
const sha256 = new Map(replies)
const nothing = { bytes: 0, sha256: createHash('sha256').digest('hex'), droppedBytes: 0 }

process.stdin.resume()
process.stdin.on('data', () => void sayFacts())
process.stdin.on('end', () => process.exit())
await answerFirstCommand()

async function answerFirstCommand(): Promise<void> {
  for (;;) {
    const received = await queues.receive(`${environment}_master`, { waitSeconds: 20, visibilitySeconds: 0 })
    const [command] = received.map(({ body }) => openBody(body, 'command').message)
    if (command !== undefined) return answer(command)
    await wait(100)
  }
}

async function answer(command: CommandMessage): Promise<void> {
  tell({ kind: 'commanded', at: Date.now() })
  await wait(commandTakesMs)
  const sender = createSender(queues, command.replyTo, { signal, parallel: 4 })
  tell({ kind: 'answering', at: Date.now() })
  await answersOf(agents, (from, to) => {
    for (let agent = from; agent < to; agent += 1) void sender.send(bodyOf(agent, command.runId))
  })
  await sender.idle()
  tell({ kind: 'answered', at: Date.now() })
}

function bodyOf(agent: number, runId: string): string {
  const { code, stream, text } = replyOf(agent)
  const written = { bytes: text.length, sha256: sha256.get(text) ?? '', droppedBytes: 0 }
  return sealBody(
    {
      ...{ type: 'result', runId, ...self(agent), sentAt: Date.now(), durationMs: 3, frames: 1 },
      outcome: { kind: 'exited', code },
      ...(stream === 1 ? { stdout: written, stderr: nothing } : { stdout: nothing, stderr: written }),
      last: { frame: 0, segments: [[stream, text.length]] },
    },
    Buffer.from(text),
  )
}

async function sayFacts(): Promise<void> {
  const sender = createSender(queues, `${environment}_facts`, { signal, parallel: 4 })
  for (let agent = 0; agent < agents; agent += 1) {
    void sender.send(
      sealBody({
        ...{ type: 'facts', ...self(agent), environment, version: '0.1.0', startedAt, sentAt: Date.now() },
        ...{ intervalMs: 600_000, running: [], facts: { hostname: self(agent).hostname, role: 'web' } },
      }),
    )
  }
  await sender.idle()
  tell({ kind: 'facts-said' })
}

function self(agent: number): { agentId: string; hostname: string } {
  const number = String(agent + 1).padStart(5, '0')
  return { agentId: `i-0000000000${number}`, hostname: `web${number}` }
}

function tell(line: FleetLine): void {
  console.log(JSON.stringify(line))
}
