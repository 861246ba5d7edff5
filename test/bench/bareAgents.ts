// The floor of a run on the agents' side: the same requests of the same size, made by the bare SDK, and the bare cost of
// spawning the command. No parsing, no checks, no journal.
import { setTimeout as sleep } from 'node:timers/promises'
import { SendMessageBatchCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { createBareClient, receive, urlOf } from './bareClient.ts'
import { runBare } from './bareCommand.ts'
import { warmUp } from './bareMaster.ts'

/** @see BareSettings in fleets.ts */
const { endpoint, keepsMiddleware, commands, replies, body, sizes, command, count } = JSON.parse(
  process.argv[2] ?? '{}',
)
/** As many as the simulated agents have: a client has 128 connections, and each long poll and each reply occupies one. */
const clients = Array.from({ length: Math.ceil(count / 60) }, () =>
  createBareClient(endpoint, keepsMiddleware),
)
const [client] = clients as [SQSClient]
const [commandsUrl, repliesUrl] = [await urlOf(client, commands), await urlOf(client, replies)]
const bodies = (sizes as number[]).map((size) => (body as string).padEnd(size, 'x'))

/** SQS's limit for one request, bytes. */
const batchBytes = 1024 * 1024

/** Batches of one reply under way at a time, as agents have them (agent/src/replies/delivery.ts). */
const underWay = 2

process.stdin.resume().on('end', () => process.exit())
for (let agent = 0; agent < count; agent += 1) void answer(clients[agent % clients.length] as SQSClient)
console.log('ready')

async function answer(client: SQSClient): Promise<void> {
  const seen = new Set<string>()
  let pauseMs = 100
  for (;;) {
    const messages = await receive(client, commandsUrl, 20, 0)
    const fresh = messages.filter(({ MessageId }) => MessageId !== undefined && !seen.has(MessageId))
    for (const { MessageId, Body } of fresh) {
      seen.add(MessageId ?? '')
      void reply(client, Body === warmUp)
    }
    // The pace of an agent (agent/src/intake/pollPace.ts), or the two would not make the same requests.
    if (fresh.length > 0) pauseMs = 100
    if (messages.length === 0 || (fresh.length > 0 && messages.length === 10)) continue
    await sleep(pauseMs)
    pauseMs = Math.min(1000, pauseMs * 2)
  }
}

/** One body tells of the command's end; many are its output, sent while it still writes. */
async function reply(client: SQSClient, isWarmUp: boolean): Promise<void> {
  if (isWarmUp) return send(client, bodies.slice(-1))
  const spawned = command === undefined ? undefined : runBare(command)
  if (bodies.length === 1) await spawned
  await Promise.all([spawned, send(client, bodies)])
}

async function send(client: SQSClient, bodies: readonly string[]): Promise<void> {
  const [only, ...others] = bodies
  if (others.length === 0) {
    await client.send(new SendMessageCommand({ QueueUrl: repliesUrl, MessageBody: only }))
    return
  }
  const left = [...bodies]
  const sendBatches = async () => {
    while (left.length > 0) {
      const Entries = takeBatch(left).map((MessageBody, id) => ({ Id: String(id), MessageBody }))
      await client.send(new SendMessageBatchCommand({ QueueUrl: repliesUrl, Entries }))
    }
  }
  await Promise.all(Array.from({ length: underWay }, sendBatches))
}

/** Takes what one request may carry. */
function takeBatch(left: string[]): string[] {
  let bytes = 0
  const end = left.findIndex((body, index) => {
    bytes += body.length
    return index === 10 || bytes > batchBytes
  })
  return left.splice(0, end === -1 ? left.length : end)
}
