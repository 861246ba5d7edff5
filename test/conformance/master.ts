import type { KeyObject } from 'node:crypto'
import { randomUUID, sign } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Opened, openBody, sealBody, signedBytes } from './body.ts'
import { Assembly } from './frames.ts'
import type { Message } from './messages.ts'
import { type Received, Sqs } from './sqs.ts'
import { encodeSet } from './targets.ts'

export interface MasterOptions {
  readonly endpoint: string
  readonly environment: string
  /** As in `abc-1`. */
  readonly masterId: string
  readonly signingKey?: { readonly name: string; readonly privateKey: KeyObject }
}

export interface RunOptions {
  readonly filter?: string
  /** Name the agents by a set. */
  readonly asSet?: boolean
  readonly timeoutMs?: number
}

/** What became of one agent. */
export interface Verdict {
  verdict: string
  reason: string
  readonly output: Assembly
  startedAt: number | undefined
}

export interface Run {
  readonly runId: string
  readonly agents: ReadonlyMap<string, Verdict>
  /** All agents have their verdicts, and the command is taken away. */
  readonly ended: Promise<void>
  cancel(): Promise<void>
}

const republishAfterMs = 4_000
const noReplyAfterMs = 10_000
const graceMs = 15_000
const orderTtlMs = 60_000

/** A master by docs/messages.md, of code that has nothing in common with ours. */
export class Master {
  readonly #o: MasterOptions
  readonly #sqs: Sqs
  readonly #replyTo: string

  constructor(options: MasterOptions) {
    this.#o = options
    this.#sqs = new Sqs(options.endpoint)
    this.#replyTo = `${options.environment}_${options.masterId}_agent`
  }

  /** Creates the reply queue. */
  async open(): Promise<void> {
    const attributes = {
      VisibilityTimeout: '30',
      MessageRetentionPeriod: '345600',
      MaximumMessageSize: '262144',
    }
    await this.#sqs.create(this.#replyTo, attributes)
  }

  /** The latest facts of every agent that is live. */
  async findAgents(): Promise<Map<string, Message>> {
    const queue = `${this.#o.environment}_facts`
    const taken: Received[] = []
    for (;;) {
      const messages = await this.#sqs.receive(queue, { wait: 1, hide: 10 })
      if (messages.length === 0) break
      taken.push(...messages)
    }
    await this.#sqs.putBack(queue, taken)
    const latest = new Map<string, Message>()
    for (const { body, sentAt } of taken.toSorted((one, other) => one.sentAt - other.sentAt)) {
      const { message } = openBody(body, 'facts')
      const { agentId, leaving, intervalMs, environment } = message
      if (environment !== this.#o.environment) continue
      if (leaving === true || this.#sqs.now() - sentAt > Number(intervalMs) + 15_000)
        latest.delete(String(agentId))
      else latest.set(String(agentId), message)
    }
    return latest
  }

  async start(action: object, targets: readonly string[], options: RunOptions = {}): Promise<Run> {
    const { filter = '*', asSet = false, timeoutMs = 60_000 } = options
    const runId = randomUUID()
    const issuedAt = this.#sqs.now()
    const agents = new Map<string, Verdict>(
      targets.map((agentId) => [
        agentId,
        { verdict: '', reason: '', output: new Assembly(), startedAt: undefined },
      ]),
    )
    const sent: string[] = []
    const publish = async (id: string, what: object, names: readonly string[], more: object) => {
      const head = {
        type: 'command',
        runId: id,
        environment: this.#o.environment,
        filter,
        timeoutMs,
        ...more,
      }
      const common = { ...head, issuer: { name: 'conformance', host: 'here' }, replyTo: this.#replyTo }
      const command = asSet
        ? {
            ...{ ...common, targetSet: encodeSet(id, names) },
            action: { kind: 'requires targetSet', requires: ['targetSet'], action: what },
          }
        : { ...common, targets: names, action: what }
      sent.push(await this.#sqs.send(`${this.#o.environment}_master`, this.#sealed(command)))
    }
    const order = (what: object, names: readonly string[]) =>
      publish(randomUUID(), { ...what, runId }, names, {
        filter: '*',
        issuedAt: this.#sqs.now(),
        ttlMs: orderTtlMs,
      })
    const send = (names: readonly string[]) =>
      publish(runId, action, names, { issuedAt, ttlMs: noReplyAfterMs })
    await send(targets)
    const work = async () => {
      await this.#follow({ runId, agents, timeoutMs, send, order })
      await this.#withdraw(new Set(sent))
    }
    return {
      ...{ runId, agents, ended: work() },
      cancel: () => order({ kind: 'cancel', issuedAt }, open(agents)),
    }
  }

  /** Until every agent has its verdict, and its output. */
  async #follow(run: {
    readonly runId: string
    readonly agents: Map<string, Verdict>
    readonly timeoutMs: number
    readonly send: (names: readonly string[]) => Promise<void>
    readonly order: (what: object, names: readonly string[]) => Promise<void>
  }): Promise<void> {
    const { runId, agents, timeoutMs, send, order } = run
    const startedAt = Date.now()
    let hasRepeated = false
    let asked = 0
    let askedAt = startedAt
    for (;;) {
      const isEmpty = await this.#receive(runId, agents)
      const waitingMs = Date.now() - startedAt
      const unheard = [...agents].filter(
        ([, { verdict, startedAt }]) => verdict === '' && startedAt === undefined,
      )
      const names = unheard.map(([agentId]) => agentId)
      if (names.length > 0 && !hasRepeated && waitingMs > republishAfterMs) {
        hasRepeated = true
        await send(names)
      }
      if (isEmpty && waitingMs > noReplyAfterMs) for (const [, agent] of unheard) agent.verdict = 'no reply'
      for (const agent of agents.values())
        if (
          isEmpty &&
          agent.verdict === '' &&
          Date.now() - (agent.startedAt ?? Date.now()) > timeoutMs + graceMs
        )
          agent.verdict = 'lost'
      const incomplete = [...agents].filter(
        ([, { verdict, output }]) => verdict !== '' && output.missing.length > 0,
      )
      if (open(agents).length === 0 && (incomplete.length === 0 || asked > 4)) return
      if (!isEmpty || incomplete.length === 0 || Date.now() - askedAt < 2_000 * 2 ** asked) continue
      asked += 1
      askedAt = Date.now()
      for (const [agentId, { output }] of incomplete)
        await order({ kind: 'resend', missing: output.missing.slice(0, 1_000), result: false }, [agentId])
    }
  }

  /** @returns whether a long poll brought nothing */
  async #receive(runId: string, agents: Map<string, Verdict>): Promise<boolean> {
    const messages = await this.#sqs.receive(this.#replyTo, { wait: 1, hide: 30 })
    for (const { body, senderId } of messages) {
      const { message, data } = openBody(body, 'reply')
      const agent = agents.get(String(message.agentId))
      const instance = senderId.split(':')[1] ?? ''
      const isForged = /^i-[0-9a-f]+$/.test(instance) && instance !== message.agentId
      if (agent !== undefined && message.runId === runId && !isForged) take(agent, message, data)
    }
    await this.#sqs.delete(this.#replyTo, messages)
    return messages.length === 0
  }

  /** Deletes our messages, and puts back those of others. */
  async #withdraw(ids: Set<string>): Promise<void> {
    const queue = `${this.#o.environment}_master`
    for (let tries = 0; ids.size > 0 && tries < 5; tries += 1) {
      const messages = await this.#sqs.receive(queue, { wait: 0, hide: 2 })
      const ours = messages.filter(({ id }) => ids.has(id))
      await this.#sqs.delete(queue, ours)
      await this.#sqs.putBack(
        queue,
        messages.filter((message) => !ours.includes(message)),
      )
      for (const { id } of ours) ids.delete(id)
      if (ids.size > 0) await sleep(100)
    }
  }

  #sealed(command: Message): string {
    const body = sealBody(command)
    const { signingKey } = this.#o
    if (signingKey === undefined) return body
    const { m } = JSON.parse(body) as { readonly m: string }
    const value = sign(null, signedBytes(m, new Uint8Array()), signingKey.privateKey).toString('base64')
    return JSON.stringify({ ...JSON.parse(body), sig: { key: signingKey.name, value } })
  }
}

function open(agents: ReadonlyMap<string, Verdict>): string[] {
  return [...agents].filter(([, { verdict }]) => verdict === '').map(([agentId]) => agentId)
}

function take(agent: Verdict, message: Message, data: Opened['data']): void {
  if (message.type === 'ack') agent.startedAt ??= Date.now()
  if (message.type === 'output' || message.type === 'result') agent.output.add(message, data)
  if (message.type === 'refusal') {
    agent.verdict = 'refused'
    agent.reason = `${message.code}: ${message.reason}`
  }
  if (message.type === 'result') agent.verdict = verdictOf(message.outcome as { kind: string; code?: number })
}

function verdictOf({ kind, code }: { readonly kind: string; readonly code?: number }): string {
  if (kind === 'exited') return code === 0 ? 'succeeded' : 'failed'
  return { 'timed-out': 'timed out', cancelled: 'cancelled', interrupted: 'interrupted' }[kind] ?? 'failed'
}
