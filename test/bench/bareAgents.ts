// The floor of a run on the agents' side: the same requests of the same size, made by the bare SDK, and the bare cost of
// spawning the command. No parsing, no checks, no journal.
import { execFile } from 'node:child_process'
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { GetQueueUrlCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'

const { endpoint, commands, replies, count, bodyBytes, command } = JSON.parse(process.argv[2] ?? '{}')
const client = new SQSClient({
  endpoint,
  region: 'eu-west-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  md5: false,
  requestHandler: { httpAgent: new Agent({ keepAlive: true, maxSockets: count + 16 }) },
})
const body = 'x'.repeat(bodyBytes)
const run = promisify(execFile)

const urlOf = async (QueueName: string) => (await client.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl
const [commandsUrl, repliesUrl] = [await urlOf(commands), await urlOf(replies)]

process.stdin.resume().on('end', () => process.exit())
for (let agent = 0; agent < count; agent += 1) void answer()
console.log('ready')

async function answer(): Promise<void> {
  const seen = new Set<string>()
  let pauseMs = 100
  for (;;) {
    const receive = new ReceiveMessageCommand({
      QueueUrl: commandsUrl,
      WaitTimeSeconds: 20,
      VisibilityTimeout: 0,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ['SenderId', 'SentTimestamp', 'ApproximateReceiveCount'],
    })
    const { Messages = [] } = await client.send(receive)
    const fresh = Messages.filter(({ MessageId }) => MessageId !== undefined && !seen.has(MessageId))
    if (fresh.length === 0 && Messages.length > 0) {
      await sleep(pauseMs)
      pauseMs = Math.min(1000, pauseMs * 2)
      continue
    }
    pauseMs = 100
    for (const { MessageId } of fresh) {
      seen.add(MessageId ?? '')
      void reply()
    }
  }
}

async function reply(): Promise<void> {
  if (command !== undefined) await run('/bin/sh', ['-c', command])
  await client.send(new SendMessageCommand({ QueueUrl: repliesUrl, MessageBody: body }))
}
