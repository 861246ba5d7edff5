import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createDice, type Dice } from './faults/dice.ts'
import { type Match, type Rule, strike } from './faults/faultPlan.ts'
import { Ghosts } from './faults/ghosts.ts'
import { Handles } from './faults/handles.ts'
import { QueueFacts } from './faults/queueFacts.ts'
import { QueueLives } from './faults/queueLives.ts'
import { receiveWithFaults } from './faults/receiving.ts'
import { refusal } from './faults/refusals.ts'
import { Senders } from './faults/senders.ts'
import { sendWithFaults } from './faults/sending.ts'
import { settleWithFaults } from './faults/settling.ts'
import { whyMisdated } from './faults/signedAt.ts'
import { createUpstream } from './faults/upstream.ts'
import {
  answerWith,
  readRequest,
  type WireAnswer,
  type WireMessage,
  type WireRequest,
} from './faults/wire.ts'

/** An HTTP proxy between the AWS SDK and an SQS endpoint that makes of it SQS on a bad day. */
export interface FaultProxy {
  /** To be given to the SDK instead of the real one. */
  readonly endpoint: string
  /** Decides, for each caller, action and queue, what happens to its first request, its second one, and so on. */
  readonly seed: number
  /** Lets faults happen from now on; the function that it returns ends that. */
  inject(...rules: readonly Rule[]): () => void
  /** No matching request reaches SQS until the returned function is called. Without a match, connections break at once. */
  outage(match?: Match): () => void
  /** How often each kind of fault struck. Refusals are counted as what they say. */
  readonly struck: Readonly<Record<string, number>>
  /** Requests so far. */
  readonly requests: number
  stop(): Promise<void>
}

export interface FaultProxyOptions {
  /** The real endpoint. */
  readonly endpoint: string
  readonly seed: number
  /** `SenderId` by access key id: several principals on a server that knows only one. Others stay as they are. */
  readonly senderIds?: Readonly<Record<string, string>>
  /** Told of each message that nobody will see any more. */
  readonly onExpired?: (queue: string, body: string) => void
}

export async function startFaultProxy({
  endpoint,
  seed,
  senderIds = {},
  onExpired = () => {},
}: FaultProxyOptions): Promise<FaultProxy> {
  const upstream = createUpstream(endpoint)
  const dice = createDice(seed)
  const ghosts = new Ghosts()
  const senders = new Senders(senderIds)
  const handles = new Handles()
  const queueFacts = new QueueFacts()
  const queueLives = new QueueLives()
  const rules = new Set<Rule>()
  const sockets = new Set<Socket>()
  const nth = new Map<string, number>()
  const struck: Record<string, number> = {}
  let requests = 0

  const count = (fault: string) => {
    struck[fault] = (struck[fault] ?? 0) + 1
  }

  const server = http.createServer((incoming, outgoing) => {
    const gone = new AbortController()
    outgoing.on('close', () => gone.abort())
    handle(incoming, outgoing, gone.signal).catch(() => incoming.socket.destroy())
  })
  server.keepAliveTimeout = 60_000
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  async function handle(
    incoming: http.IncomingMessage,
    outgoing: http.ServerResponse,
    gone: AbortSignal,
  ): Promise<void> {
    const request = await readRequest(incoming)
    requests += 1
    const thrown = diceFor(request)
    const slow = strike(rules, 'slow', request, thrown)
    if (slow !== undefined) {
      count('slow')
      await delay(thrown.between(slow.ms), undefined, { signal: gone })
    }
    const far = strike(rules, 'far', request, thrown)
    const halfwayMs = far === undefined ? 0 : thrown.between(far.ms) / 2
    if (far !== undefined) {
      count('far')
      await delay(halfwayMs, undefined, { signal: gone })
    }
    if (strike(rules, 'drop', request, thrown) !== undefined) {
      count('drop')
      incoming.socket.resetAndDestroy()
      return
    }
    const answer = refused(request, thrown) ?? (await answerTo(request, thrown, gone))
    const { status, headers, body } = withClock(request, answer, thrown)
    if (far !== undefined) await delay(halfwayMs, undefined, { signal: gone })
    const cut = status === 200 ? strike(rules, 'cut', request, thrown) : undefined
    if (cut === undefined) {
      outgoing.writeHead(status, headers).end(body)
      return
    }
    count(cut.how)
    const half = body.subarray(0, Math.floor(body.length / 2))
    if (cut.how === 'reset') {
      outgoing.writeHead(status, headers)
      outgoing.write(half, () => incoming.socket.resetAndDestroy())
    } else outgoing.writeHead(status, { ...headers, 'content-length': String(half.length) }).end(half)
  }

  function diceFor({ principal, action, queue }: WireRequest): Dice {
    const stream = `${principal} ${action} ${queue}`
    const number = (nth.get(stream) ?? 0) + 1
    nth.set(stream, number)
    return dice(`${stream} ${number}`)
  }

  function refused(request: WireRequest, thrown: Dice): WireAnswer | undefined {
    const refuse = strike(rules, 'refuse', request, thrown)
    if (refuse !== undefined) {
      count(refuse.as)
      return refusal(refuse.as, request)
    }
    const check = strike(rules, 'check-clock', request, thrown)
    if (check === undefined) return undefined
    const { offsetMs = 0 } = strike(rules, 'clock', request, thrown) ?? {}
    const why = whyMisdated(request, Date.now() + offsetMs)
    if (why === undefined) return undefined
    count('check-clock')
    return refusal(check.as ?? 'InvalidSignatureException', request, why)
  }

  async function answerTo(request: WireRequest, thrown: Dice, gone: AbortSignal): Promise<WireAnswer> {
    const common = { rules, dice: thrown, count, ghosts, forward: upstream.forward }
    const absent = queueLives.refuse(request, common)
    if (absent !== undefined) return absent
    switch (request.action) {
      case 'ReceiveMessage': {
        const retentionMs = () => queueFacts.retentionMs(request, upstream.forward)
        const told = (queue: string, { Body }: WireMessage) => onExpired(queue, Body)
        const receiving = { ...common, upstream, spell: dice, retentionMs, onExpired: told, signal: gone }
        return asSeen(request, await receiveWithFaults(request, receiving), thrown)
      }
      case 'SendMessage':
      case 'SendMessageBatch': {
        const forward = (sent: WireRequest) => senders.note(sent, upstream.forward(sent))
        return sendWithFaults(request, { ...common, forward })
      }
      case 'DeleteMessage':
      case 'DeleteMessageBatch':
      case 'ChangeMessageVisibility':
      case 'ChangeMessageVisibilityBatch':
        return settleWithFaults(request, { ...common, handles })
      case 'GetQueueAttributes':
        return queueFacts.ask(request, common)
      case 'SetQueueAttributes':
        return queueFacts.change(request, common)
      case 'CreateQueue':
        return queueLives.create(request, common)
      case 'DeleteQueue':
        return queueLives.delete(request, common)
      default:
        return upstream.forward(request, gone)
    }
  }

  /** Puts sender and time of the messages as this caller is to see them. */
  async function asSeen(request: WireRequest, answer: WireAnswer, thrown: Dice): Promise<WireAnswer> {
    if (answer.status !== 200) return answer
    const { Messages: messages } = JSON.parse(answer.body.toString('utf8')) as { Messages: WireMessage[] }
    const sender = strike(rules, 'sender', request, thrown)
    if (sender !== undefined) count('sender')
    const clock = strike(rules, 'clock', request, thrown)
    const senderIds = await senders.of(messages.map(({ MessageId }) => MessageId))
    const needsTimes = [...rules].some(({ fault }) => fault.kind === 'handle')
    const retentionMs = needsTimes ? await queueFacts.retentionMs(request, upstream.forward) : undefined
    const { VisibilityTimeout: hiddenSeconds } = request.input
    const hiddenUntil = hiddenSeconds === undefined ? undefined : Date.now() + hiddenSeconds * 1000
    const Messages = messages.map((message, index) => {
      handles.learn(message, hiddenUntil, retentionMs)
      const { SenderId = '', SentTimestamp = '0', ...others } = message.Attributes ?? {}
      const Attributes = {
        ...others,
        SenderId: sender?.senderId ?? senderIds[index] ?? SenderId,
        SentTimestamp: String(Number(SentTimestamp) + (clock?.offsetMs ?? 0)),
      }
      return { ...message, Attributes }
    })
    return answerWith(answer, { Messages })
  }

  function withClock(request: WireRequest, answer: WireAnswer, thrown: Dice): WireAnswer {
    const clock = strike(rules, 'clock', request, thrown)
    if (clock === undefined) return answer
    count('clock')
    const date = new Date(Date.now() + clock.offsetMs).toUTCString()
    return { ...answer, headers: { ...answer.headers, date } }
  }

  const inject = (...added: readonly Rule[]) => {
    for (const rule of added) rules.add(rule)
    return () => {
      for (const rule of added) rules.delete(rule)
    }
  }

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seed,
    inject,
    outage(match = {}) {
      const end = inject({ ...match, fault: { kind: 'drop' } })
      if (Object.keys(match).length === 0) for (const socket of sockets) socket.resetAndDestroy()
      return end
    },
    struck,
    get requests() {
      return requests
    },
    async stop() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      upstream.close()
      await closed
    },
  }
}
