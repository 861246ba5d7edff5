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
  /** Receives and deletes what waits on the reply queue, with so many receivers; milliseconds. */
  drain(messages: number, receivers: number): Promise<number>
  close(): void
}

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

  const receive = async (
    queue: string | undefined,
    WaitTimeSeconds: number,
    VisibilityTimeout: number,
    signal?: AbortSignal,
  ) => {
    const command = new ReceiveMessageCommand({
      QueueUrl: queue,
      ...{ WaitTimeSeconds, VisibilityTimeout, MaxNumberOfMessages: 10 },
      MessageSystemAttributeNames: ['SenderId', 'SentTimestamp', 'ApproximateReceiveCount'],
    })
    const { Messages = [] } = await client.send(command, signal === undefined ? {} : { abortSignal: signal })
    return Messages
  }
  const remove = (queue: string | undefined, handles: (string | undefined)[]) =>
    client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queue,
        Entries: handles.map((ReceiptHandle, id) => ({ Id: String(id), ReceiptHandle })),
      }),
    )

  const collect = async (expected: number, count: number, waitSeconds: number) => {
    const abort = new AbortController()
    let answered = 0
    const receiver = async (wait: number) => {
      while (answered < expected) {
        const messages = await receive(replies, wait, 30, abort.signal).catch(() => [])
        answered += messages.length
        if (answered >= expected) abort.abort()
        if (messages.length > 0)
          await remove(
            replies,
            messages.map(({ ReceiptHandle }) => ReceiptHandle),
          )
        else if (wait === 0) return
        if (wait > 0 && messages.length === 10) for (let n = helpers; n < count - 1; n += 1) void help()
      }
    }
    let helpers = 0
    const help = async () => {
      helpers += 1
      await receiver(0)
      helpers -= 1
    }
    await receiver(waitSeconds)
  }

  return {
    async run(answers, bodyBytes) {
      const startedAt = performance.now()
      const collecting = collect(answers, receivers, 20)
      await client.send(new SendMessageCommand({ QueueUrl: commands, MessageBody: 'x'.repeat(bodyBytes) }))
      await collecting
      const elapsed = performance.now() - startedAt
      const own = await receive(commands, 0, 2)
      if (own.length > 0)
        await remove(
          commands,
          own.map(({ ReceiptHandle }) => ReceiptHandle),
        )
      return elapsed
    },
    async drain(messages, count) {
      const startedAt = performance.now()
      await collect(messages, count, 20)
      return performance.now() - startedAt
    },
    close: () => client.destroy(),
  }
}
