import { randomUUID } from 'node:crypto'
import type { Action } from '../../src/protocol/action.ts'
import { openBody } from '../../src/protocol/envelope.ts'
import { type Chunk, ReplyAssembly } from '../../src/protocol/frames.ts'
import type { CommandMessage, ReplyMessage, ResultMessage } from '../../src/protocol/messages.ts'
import type { Environment } from '../../src/queues/environment.ts'
import type { Queues } from '../../src/queues/queues.ts'
import { receiveLoop } from '../../src/queues/receiveLoop.ts'
import { type SigningKey, sealSigned } from './sealSigned.ts'
import { until } from './until.ts'

/** A reply body as it came. */
export interface Heard {
  readonly message: ReplyMessage
  readonly data: Uint8Array
  readonly at: number
}

/** The least of a master: sends commands as told and keeps every reply, so that tests see each message. */
export interface Commander {
  /** Queue that replies go to. */
  readonly replyTo: string
  /** @returns the run id */
  send(
    action: Action | { readonly kind: string },
    command?: Partial<CommandMessage>,
    key?: SigningKey,
  ): Promise<string>
  /** Sends a body as it is. */
  sendBody(body: string): Promise<void>
  /** Everything heard within a run so far. */
  heard(runId: string): readonly Heard[]
  /** Waits for a message of a run. */
  wait<Type extends ReplyMessage['type']>(
    runId: string,
    type: Type,
  ): Promise<Extract<ReplyMessage, { type: Type }>>
  /** Waits for the result and all output before it. */
  result(
    runId: string,
    withinMs?: number,
  ): Promise<{ result: ResultMessage; stdout: string; stderr: string; chunks: Chunk[] }>
  /** How SQS names who sent what is on the command queue: `AIDA…`. Other engines have names of their own. */
  senderId(): Promise<string>
  /** Removes all commands, as retention does after a minute. */
  expire(): Promise<void>
  stop(): Promise<void>
}

/** Listens on the environment's shared reply queue, or on `replyTo`. */
export function startCommander(queues: Queues, environment: Environment, replyTo?: string): Commander {
  const queue = replyTo ?? environment.queues.replies
  const runs = new Map<string, Heard[]>()
  const stopping = new AbortController()
  const listening = listen()

  async function listen(): Promise<void> {
    const options = () => ({ waitSeconds: 20, visibilitySeconds: 60 })
    for await (const messages of receiveLoop(queues, queue, options, stopping.signal)) {
      for (const { body } of messages) {
        const { message, data } = openBody(body, 'reply')
        const heard = runs.get(message.runId) ?? []
        heard.push({ message, data, at: performance.now() })
        runs.set(message.runId, heard)
      }
      await queues.delete(queue, messages)
    }
  }

  const heard = (runId: string) => runs.get(runId) ?? []
  const describe = (runId: string) => () =>
    ` of ${runId}; heard: ${JSON.stringify(heard(runId).map(({ message }) => message))}`
  const find = (runId: string, type: ReplyMessage['type']) =>
    heard(runId).find(({ message }) => message.type === type)?.message

  return {
    replyTo: queue,
    async send(action, command = {}, key) {
      const runId = command.runId ?? randomUUID()
      const body = commandBody(environment, action, { replyTo: queue, ...command, runId }, key)
      await queues.send(environment.queues.commands, body)
      return runId
    },
    async sendBody(body) {
      await queues.send(environment.queues.commands, body)
    },
    heard,
    async wait(runId, type) {
      await until(() => find(runId, type) !== undefined, `a ${type}`, describe(runId))
      return find(runId, type) as never
    },
    async senderId() {
      const options = { waitSeconds: 20, visibilitySeconds: 0 }
      const [command] = await queues.receive(environment.queues.commands, options)
      if (command?.senderId === undefined) throw new Error('no command, or no SenderId')
      return command.senderId
    },
    async result(runId, withinMs) {
      const assembly = new ReplyAssembly()
      const chunks: Chunk[] = []
      let taken = 0
      await until(
        () => {
          for (const { message, data } of heard(runId).slice(taken)) {
            taken += 1
            if (message.type === 'output') chunks.push(...assembly.add(message.frame, message.segments, data))
            if (message.type !== 'result') continue
            const { last } = message
            if (last !== undefined) chunks.push(...assembly.add(last.frame, last.segments, data))
            assembly.finish(message)
          }
          return assembly.state() !== 'open'
        },
        'the result with all output',
        describe(runId),
        withinMs,
      )
      if (assembly.state() !== 'complete') throw new Error(`the output of ${runId} is damaged`)
      const text = (stream: 1 | 2) =>
        Buffer.concat(chunks.filter((chunk) => chunk.stream === stream).map(({ bytes }) => bytes)).toString(
          'utf8',
        )
      return { result: find(runId, 'result') as ResultMessage, stdout: text(1), stderr: text(2), chunks }
    },
    async expire() {
      for (;;) {
        const messages = await queues.receive(environment.queues.commands, {
          waitSeconds: 0,
          visibilitySeconds: 5,
        })
        if (messages.length === 0) return
        await queues.delete(environment.queues.commands, messages)
      }
    },
    async stop() {
      stopping.abort()
      await listening
    },
  }
}

/** The body of a command as a master would send it, but for what `command` says. */
export function commandBody(
  environment: Environment,
  action: Action | { readonly kind: string },
  command: Partial<CommandMessage> & Pick<CommandMessage, 'runId'>,
  key?: SigningKey,
): string {
  const message = {
    type: 'command',
    environment: environment.name,
    issuedAt: Date.now(),
    ttlMs: 60_000,
    issuer: { name: 'tester', host: 'desk' },
    replyTo: environment.queues.replies,
    filter: '*',
    action,
    timeoutMs: 20_000,
    ...command,
  } as CommandMessage
  return sealSigned(message, undefined, key)
}
