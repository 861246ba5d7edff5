import { Agent } from 'node:http'
import {
  DeleteMessageBatchCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'

/** The floor of a run on the master's side: the requests that it cannot do without, by the bare SDK. */
export interface BareMaster {
  /** Sends one message of `bodyBytes` and resolves when `answers` replies are in, milliseconds. */
  run(answers: number, bodyBytes: number): Promise<number>
  /** Receives and deletes so many messages from the reply queue; milliseconds. */
  drain(messages: number): Promise<number>
  close(): Promise<void>
}

const patienceMs = 240_000

/** As many receivers as the master has when replies pile up. */
const receivers = 8

export async function createBareMaster(
  endpoint: string,
  commandsQueue: string,
  repliesQueue: string,
): Promise<BareMaster> {
  const client = new SQSClient({
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    md5: false,
    requestHandler: { httpAgent: new Agent({ keepAlive: true, maxSockets: 64 }) },
  })
  const urlOf = async (QueueName: string) =>
    (await client.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl
  const [commands, replies] = [await urlOf(commandsQueue), await urlOf(repliesQueue)]

  const receive = async (queue: string | undefined, WaitTimeSeconds: number, VisibilityTimeout: number) => {
    const command = new ReceiveMessageCommand({
      QueueUrl: queue,
      ...{ WaitTimeSeconds, VisibilityTimeout, MaxNumberOfMessages: 10 },
      MessageSystemAttributeNames: ['SenderId', 'SentTimestamp', 'ApproximateReceiveCount'],
    })
    const { Messages = [] } = await client.send(command)
    return Messages
  }
  const remove = (queue: string | undefined, handles: (string | undefined)[]) =>
    client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queue,
        Entries: handles.map((ReceiptHandle, id) => ({ Id: String(id), ReceiptHandle })),
      }),
    )

  // One long poll after the other, as the master has it, and helpers while answers are full. None is ever cut off: SQS
  // would give messages to a poll whose process no longer listens, and hide them from the others.
  let answered = 0
  const helpers = new Set<Promise<void>>()
  let isClosed = false
  let notice = () => {}
  const take = async (wait: number) => {
    const messages = await receive(replies, wait, 30)
    answered += messages.length
    notice()
    const handles = messages.map(({ ReceiptHandle }) => ReceiptHandle)
    if (messages.length > 0) await remove(replies, handles)
    return messages.length
  }
  const help = async () => {
    while (!isClosed && (await take(0)) === 10);
  }
  const receiving = async () => {
    while (!isClosed) {
      if ((await take(2)) < 10 || helpers.size >= receivers - 1) continue
      const helper = help().finally(() => helpers.delete(helper))
      helpers.add(helper)
    }
  }
  const arrival = (count: number) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`floor: ${count - answered} answers are missing after ${patienceMs} ms`)),
        patienceMs,
      )
      notice = () => {
        if (answered < count) return
        clearTimeout(timer)
        resolve()
      }
    })
  let received: Promise<void> | undefined
  const start = () => {
    received ??= receiving()
  }

  return {
    async run(answers, bodyBytes) {
      start()
      const startedAt = performance.now()
      const arrived = arrival(answered + answers)
      await client.send(new SendMessageCommand({ QueueUrl: commands, MessageBody: 'x'.repeat(bodyBytes) }))
      await arrived
      const elapsed = performance.now() - startedAt
      for (let tries = 0; tries < 20; tries += 1) {
        const own = await receive(commands, 0, 2)
        const handles = own.map(({ ReceiptHandle }) => ReceiptHandle)
        if (own.length > 0) {
          await remove(commands, handles)
          return elapsed
        }
      }
      throw new Error('the command of the floor could not be taken back')
    },
    async drain(messages) {
      const startedAt = performance.now()
      const arrived = arrival(answered + messages)
      start()
      await arrived
      return performance.now() - startedAt
    },
    async close() {
      isClosed = true
      await received
      await Promise.all(helpers)
      client.destroy()
    },
  }
}
