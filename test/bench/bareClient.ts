import { Agent } from 'node:http'
import { GetQueueUrlCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'

/** Connections of one client, as many as one of ours has (src/queues/sqsClient.ts). */
const maxSockets = 128

/**
 * The bare SDK. As it comes it puts its middleware together anew for each call; `keepsMiddleware` is the one setting by which
 * it does not, and which ours uses.
 */
export function createBareClient(endpoint: string, keepsMiddleware: boolean): SQSClient {
  return new SQSClient({
    ...{ endpoint, region: 'eu-west-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } },
    ...{ md5: false, cacheMiddleware: keepsMiddleware },
    requestHandler: { httpAgent: new Agent({ keepAlive: true, maxSockets }) },
  })
}

export async function urlOf(client: SQSClient, QueueName: string): Promise<string> {
  const { QueueUrl = '' } = await client.send(new GetQueueUrlCommand({ QueueName }))
  return QueueUrl
}

/** One receive, asking for what ours asks for. Seconds. */
export async function receive(
  client: SQSClient,
  QueueUrl: string,
  WaitTimeSeconds: number,
  VisibilityTimeout: number,
): Promise<Message[]> {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      ...{ QueueUrl, WaitTimeSeconds, VisibilityTimeout, MaxNumberOfMessages: 10 },
      MessageSystemAttributeNames: ['SenderId', 'SentTimestamp', 'ApproximateReceiveCount'],
    }),
  )
  return Messages
}
