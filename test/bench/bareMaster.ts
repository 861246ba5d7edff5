import { DeleteMessageBatchCommand, type Message, SendMessageCommand } from '@aws-sdk/client-sqs'
import type { Environment } from '../../src/queues/environment.ts'
import { createBareClient, receive, urlOf } from './bareClient.ts'
import { type RunTimes, timesOf } from './runTimes.ts'

/** The floor of a run on the master's side: the requests that it cannot do without, by the bare SDK. */
export interface BareMaster {
  /** Sends one message, waits for this number of replies, and deletes the message. */
  run(answers: number, body: string): Promise<RunTimes>
  /** Receives and deletes so many messages from the reply queue; milliseconds. */
  drain(messages: number): Promise<number>
  close(): Promise<void>
}

/** A message that bare agents answer by one message, without executing anything. */
export const warmUp = 'warm up'

const patienceMs = 240_000

/** As many receivers help as the master has when replies pile up (src/master/replies/replyConsumer.ts). */
const maxHelpers = 7

/** SQS returns at most this many messages per receive. */
const fullAnswer = 10

export async function createBareMaster(
  endpoint: string,
  { queues }: Pick<Environment, 'queues'>,
  keepsMiddleware: boolean,
): Promise<BareMaster> {
  const client = createBareClient(endpoint, keepsMiddleware)
  const [commands, replies] = [await urlOf(client, queues.commands), await urlOf(client, queues.replies)]
  let requests = 0
  const take = (queue: string, waitSeconds: number, visibilitySeconds: number) => {
    requests += 1
    return receive(client, queue, waitSeconds, visibilitySeconds)
  }
  const remove = async (QueueUrl: string, messages: readonly Message[]) => {
    if (messages.length === 0) return
    requests += 1
    const Entries = messages.map(({ ReceiptHandle }, id) => ({ Id: String(id), ReceiptHandle }))
    await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
  }

  // One long poll after the other, as the master has it, helpers while answers are full, and the next receive while the
  // last messages are deleted. None is ever cut off: SQS would give messages to a poll whose process no longer listens,
  // and hide them from the others.
  let isClosed = false
  let answered = (_at: number) => {}
  const helpers = new Set<Promise<void>>()
  const receiving = async (waitSeconds: number, goesOn: (count: number) => boolean) => {
    let removing = Promise.resolve()
    for (let count = fullAnswer; goesOn(count); ) {
      const messages = await take(replies, waitSeconds, 30)
      for (const _ of messages) answered(performance.now())
      count = messages.length
      if (count === fullAnswer) callHelp()
      await removing
      removing = remove(replies, messages)
    }
    await removing
  }
  const callHelp = () => {
    if (isClosed || helpers.size >= maxHelpers) return
    const helper = receiving(0, (count) => count === fullAnswer && !isClosed)
      // The receiver that is always there meets the same trouble.
      .catch(() => {})
      .finally(() => helpers.delete(helper))
    helpers.add(helper)
  }
  let receiver: Promise<void> | undefined

  /** Moments at which answers came, when so many are in. */
  const arrivals = async (count: number): Promise<number[]> => {
    const moments: number[] = []
    const all = new Promise<void>((resolve) => {
      answered = (at) => {
        if (moments.push(at) === count) resolve()
      }
    })
    receiver ??= receiving(2, () => !isClosed)
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`floor: ${moments.length} of ${count} answers are in after ${patienceMs} ms`))
      }, patienceMs)
    })
    await Promise.race([all, receiver, patience]).finally(() => clearTimeout(timer))
    return moments
  }

  const takeBack = async () => {
    for (let tries = 0; tries < 20; tries += 1) {
      const own = await take(commands, 0, 2)
      await remove(commands, own)
      if (own.length > 0) return
    }
    throw new Error('the command of the floor could not be taken back')
  }

  return {
    async run(answers, body) {
      const [startedAt, requestsBefore] = [performance.now(), requests]
      const arrived = arrivals(answers)
      requests += 1
      const sent = client.send(new SendMessageCommand({ QueueUrl: commands, MessageBody: body }))
      const [moments] = await Promise.all([arrived, sent])
      const sinceStart = moments.map((at) => at - startedAt)
      await takeBack()
      return timesOf(sinceStart, requests - requestsBefore)
    },
    async drain(messages) {
      const startedAt = performance.now()
      await arrivals(messages)
      return performance.now() - startedAt
    },
    async close() {
      isClosed = true
      await receiver
      await Promise.all(helpers)
      client.destroy()
    },
  }
}
