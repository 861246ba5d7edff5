import { setTimeout as delay } from 'node:timers/promises'
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs'
import type { Connection } from '../../src/queues/sqsClient.ts'
import type { Answer, Ask, Asking } from './asking.ts'

/** How long the rows wait for what SQS documents as slow, milliseconds. Tests wait less. */
export interface Patience {
  /** For counts of messages to be true. */
  readonly countsMs: number
  /** For changed attributes and policies to apply. */
  readonly changesMs: number
  /** For a new queue to be there. */
  readonly newQueueMs: number
  /** For messages of a queue with the shortest retention, a minute, to be gone. */
  readonly expiryMs: number
}

export const usualPatience: Patience = {
  countsMs: 60_000,
  changesMs: 60_000,
  newQueueMs: 10_000,
  expiryMs: 75_000,
}

/** What a row works with: throw-away queues, and requests that are recorded. */
export interface Bench {
  readonly ask: Ask
  readonly patience: Patience
  readonly connection: Connection
  readonly signal: AbortSignal
  /** The name of another queue of ours: it is deleted in the end, whoever makes it. */
  name(): string
  /** Makes a queue with these attributes, as SQS names them, that can be used. @returns its URL. @throws Refused */
  queue(attributes?: Readonly<Record<string, string>>): Promise<string>
  /** Sends bodies in batches of ten. @throws Refused when one is not taken */
  send(url: string, bodies: readonly string[]): Promise<void>
  /** Ten messages at most, by default without waiting and for a minute hidden from others. @throws Refused */
  receive(url: string, options?: Partial<ReceiveMessageCommandInput>): Promise<Message[]>
  /** @throws Refused */
  attributes(url: string): Promise<Readonly<Record<string, string>>>
  pause(ms: number): Promise<void>
  /** Milliseconds until it holds, looking four times a second; undefined when it does not within `withinMs`. */
  until(holds: () => Promise<boolean>, withinMs: number): Promise<number | undefined>
}

/** A request that a row depends on was refused, so that the row can say nothing. */
export class Refused extends Error {
  readonly answer: Answer

  constructor(answer: Answer) {
    const { exchange, refusal } = answer
    super(`${exchange.operation} was refused: ${refusal?.code ?? exchange.answer} ${refusal?.text ?? ''}`)
    this.answer = answer
  }
}

/** Says to whom a stray queue belongs: to nobody. */
export const probeTags = { 'ec2-collective': 'probe: can be deleted' }

/** Benches for the rows of one run, which share queues' names. @param prefix of the names of all queues */
export function createBenches(
  asking: Asking,
  {
    connection,
    prefix,
    patience,
    signal,
  }: Pick<Bench, 'connection' | 'patience' | 'signal'> & { prefix: string },
) {
  const names: string[] = []

  const name = () => {
    const made = `${prefix}-${names.length + 1}`
    names.push(made)
    return made
  }
  const pause = async (ms: number) => void (await delay(ms, undefined, { signal }))

  /** @param onAnswer called with the answer to each of its requests */
  const benchFor = (onAnswer: (answer: Answer) => void): Bench => {
    const ask: Ask = async (command, stop) => {
      const answer = await asking.ask(command, stop)
      onAnswer(answer)
      return answer
    }
    const bench: Bench = {
      ...{ patience, connection, signal, name, pause },
      // A request that makes a queue is waited for: that queue would be made after the others are deleted, and be left.
      ask: (command) => ask(command, command instanceof CreateQueueCommand ? undefined : signal),
      async queue(attributes = {}) {
        signal.throwIfAborted()
        const input = { QueueName: name(), Attributes: { ...attributes } }
        const tagged = await bench.ask(new CreateQueueCommand({ ...input, tags: probeTags }))
        const made = tagged.refusal === undefined ? tagged : await bench.ask(new CreateQueueCommand(input))
        if (made.output?.QueueUrl === undefined) throw new Refused(made)
        const url = made.output.QueueUrl
        const isThere = async () => {
          const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] })
          return (await ask(command, signal)).output !== undefined
        }
        await bench.until(isThere, patience.newQueueMs)
        return url
      },
      async send(url, bodies) {
        for (let from = 0; from < bodies.length; from += 10) {
          const Entries = bodies
            .slice(from, from + 10)
            .map((MessageBody, index) => ({ Id: String(index), MessageBody }))
          const answer = await ask(new SendMessageBatchCommand({ QueueUrl: url, Entries }), signal)
          if ((answer.output?.Successful ?? []).length < Entries.length) throw new Refused(answer)
        }
      },
      async receive(url, options = {}) {
        const command = new ReceiveMessageCommand({
          ...{ QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: 0, VisibilityTimeout: 60 },
          MessageSystemAttributeNames: ['SenderId', 'SentTimestamp', 'ApproximateReceiveCount'],
          ...options,
        })
        return (await done(ask(command, signal))).Messages ?? []
      },
      async attributes(url) {
        const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] })
        return (await done(ask(command, signal))).Attributes ?? {}
      },
      async until(holds, withinMs) {
        const startedAt = performance.now()
        for (;;) {
          if (await holds()) return performance.now() - startedAt
          if (performance.now() - startedAt > withinMs) return undefined
          await pause(250)
        }
      },
    }
    return bench
  }

  return {
    benchFor,
    /** Names of all queues that may have been made. */
    names: names as readonly string[],
    /** Deletes every queue, whatever happened. @returns the names of those that may be left, each with the reason */
    async clean(): Promise<string[]> {
      const left = await Promise.all(names.map((queue) => deleted(queue, asking.ask)))
      return left.filter((reason) => reason !== undefined)
    },
  }
}

async function done<Output>(asked: Promise<Answer<Output>>): Promise<Output> {
  const answer = await asked
  if (answer.output === undefined) throw new Refused(answer)
  return answer.output
}

/** Seconds between attempts to delete a queue. */
const deletePauses = [0, 1, 4]

async function deleted(queue: string, ask: Ask): Promise<string | undefined> {
  let reason = ''
  for (const seconds of deletePauses) {
    await delay(seconds * 1000)
    try {
      const found = await ask(new GetQueueUrlCommand({ QueueName: queue }))
      if (found.refusal?.kind === 'missing-queue') return undefined
      const url = found.output?.QueueUrl
      const answer = url === undefined ? found : await ask(new DeleteQueueCommand({ QueueUrl: url }))
      if (answer.refusal === undefined || answer.refusal.kind === 'missing-queue') return undefined
      reason = `${answer.refusal.code} ${answer.refusal.text}`
    } catch (error) {
      reason = (error as Error).message
    }
  }
  return `${queue}: ${reason}`
}
