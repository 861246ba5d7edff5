import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, decide, type Situation } from './admission.ts'
import { isSignedBy, sealBody } from './body.ts'
import { execute } from './execution.ts'
import { Journal } from './journal.ts'
import type { Action } from './messages.ts'
import { Reply } from './reply.ts'
import { Sqs } from './sqs.ts'

export interface AgentOptions {
  readonly endpoint: string
  readonly environment: string
  readonly agentId: string
  readonly facts: Readonly<Record<string, unknown>>
  /** A file for the memory of runs. */
  readonly journal: string
  /** Refuse what is not signed by this key, as in `ssh-ed25519 AAAA…`. */
  readonly publicKey?: string
}

interface Run {
  readonly replyTo: string
  readonly reply: Reply
  readonly abort: AbortController
  isOver: boolean
}

/** An agent by docs/messages.md, of code that has nothing in common with ours. */
export class Agent {
  readonly #o: AgentOptions
  readonly #sqs: Sqs
  readonly #stopping = new AbortController()
  readonly #runs = new Map<string, Run>()
  readonly #orders = new Set<string>()
  readonly #work = new Set<Promise<void>>()
  readonly #journal: Journal
  readonly #startedAt: number
  #isKilled = false

  static async start(options: AgentOptions): Promise<Agent> {
    const sqs = new Sqs(options.endpoint)
    await sqs.maximumSize(`${options.environment}_agent`)
    const agent = new Agent(options, sqs, new Journal(options.journal, sqs.now()))
    for (const { runId, replyTo } of agent.#journal.interrupted)
      await agent.#answer(runId, replyTo, 'interrupted')
    await agent.#publish({})
    agent.#begin(agent.#listen())
    return agent
  }

  private constructor(options: AgentOptions, sqs: Sqs, journal: Journal) {
    this.#o = options
    this.#sqs = sqs
    this.#journal = journal
    this.#startedAt = sqs.now()
  }

  /** Says that it leaves, once what runs is over. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    for (const { abort } of this.#runs.values()) abort.abort()
    await Promise.all(this.#work)
    await this.#publish({ leaving: true })
  }

  /** Ends without a word: nothing is sent or recorded from now on. */
  async kill(): Promise<void> {
    this.#isKilled = true
    this.#stopping.abort()
    for (const { abort } of this.#runs.values()) abort.abort()
    await Promise.all(this.#work)
  }

  #begin(work: Promise<void>): void {
    const done = work
      .catch((error) => console.error('The agent of test/conformance:', error))
      .finally(() => this.#work.delete(done))
    this.#work.add(done)
  }

  async #listen(): Promise<void> {
    const { signal } = this.#stopping
    const seen = new Set<string>()
    let pauseMs = 100
    while (!signal.aborted) {
      const queue = `${this.#o.environment}_master`
      const messages = await this.#sqs.receive(queue, { wait: 20, hide: 0 }, signal).catch(() => [])
      const fresh = messages.filter(({ id }) => !seen.has(id))
      for (const message of fresh) {
        seen.add(message.id)
        const decision = decide(message, this.#situation())
        if (decision.kind === 'silent') continue
        const { runId, replyTo } = decision.command
        if (decision.kind === 'refuse') {
          const { code, reason, to } = decision
          await this.#sqs.send(
            to,
            sealBody({ type: 'refusal', ...this.#from(runId), sentAt: Date.now(), code, reason }),
          )
        } else if (decision.kind === 'repeat') await this.#repeat(runId, replyTo)
        else await this.#do(decision.command, decision.action)
      }
      pauseMs = fresh.length > 0 ? 100 : Math.min(pauseMs * 2, 1_000)
      if (messages.length > 0 && !(messages.length === 10 && fresh.length > 0))
        await sleep(pauseMs * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {})
    }
  }

  #situation(): Situation {
    const { agentId, environment, facts, publicKey } = this.#o
    return {
      ...{ agentId, environment, facts, replyQueue: `${environment}_agent` },
      ...{ now: this.#sqs.now(), startedAt: this.#startedAt, remembersSince: this.#journal.since },
      knows: (runId) => this.#journal.knows(runId),
      resent: (orderId) => this.#orders.has(orderId),
      objection: (opened) =>
        publicKey === undefined || isSignedBy(opened, publicKey)
          ? undefined
          : { code: 'signature', reason: 'Only signed commands are allowed here.' },
    }
  }

  async #do(command: Command, action: Action): Promise<void> {
    const { runId, replyTo } = command
    const ofRun = String(action.runId)
    switch (action.kind) {
      case 'facts':
      case 'ping':
        if (action.kind === 'facts') await this.#publish({})
        return this.#answer(runId, replyTo, 'exited')
      case 'cancel':
        return this.#cancel(ofRun, replyTo, action.issuedAt)
      case 'resend':
        this.#orders.add(runId)
        return this.#resend(ofRun, replyTo, action.missing as number[], action.result === true)
      default:
        this.#journal.begin(runId, replyTo)
        this.#begin(this.#execute(command, action))
    }
  }

  async #execute(command: Command, action: Action): Promise<void> {
    const { runId, replyTo, timeoutMs, outputLimitBytes = 10 * 1024 * 1024 } = command
    const { agentId, environment } = this.#o
    const most = await this.#sqs.maximumSize(replyTo)
    const reply = new Reply(this.#from(runId), most, outputLimitBytes)
    const run: Run = { replyTo, reply, abort: new AbortController(), isOver: false }
    this.#runs.set(runId, run)
    const variables = {
      EC2_COLLECTIVE_ENVIRONMENT: environment,
      EC2_COLLECTIVE_AGENT_ID: agentId,
      EC2_COLLECTIVE_RUN_ID: runId,
    }
    const startedAt = performance.now()
    const ending = execute(action, {
      ...{ timeoutMs, variables, signal: run.abort.signal },
      onOutput: (stream, bytes) => reply.write(stream, bytes),
    })
    let ended = await Promise.race([ending, sleep(500)])
    if (ended === undefined) await this.#acknowledge(runId, replyTo)
    while (ended === undefined) {
      for (const body of reply.takeFrames()) await this.#sqs.send(replyTo, body)
      ended = await Promise.race([ending, sleep(500)])
    }
    if (this.#isKilled) return
    for (const body of reply.takeFrames()) await this.#sqs.send(replyTo, body)
    await this.#sqs.send(replyTo, reply.finish(ended, Math.round(performance.now() - startedAt)))
    run.isOver = true
    this.#journal.end(runId)
  }

  async #repeat(runId: string, replyTo: string): Promise<void> {
    const run = this.#runs.get(runId)
    if (run !== undefined && !run.isOver) await this.#acknowledge(runId, replyTo)
    else await this.#resend(runId, replyTo, [], true)
  }

  async #cancel(runId: string, replyTo: string, issuedAt: unknown): Promise<void> {
    const run = this.#runs.get(runId)
    if (run !== undefined && !run.isOver) run.abort.abort()
    else if (this.#journal.knows(runId)) await this.#resend(runId, replyTo, [], true)
    else {
      this.#journal.begin(runId, replyTo)
      this.#journal.end(runId)
      if (typeof issuedAt === 'number' && issuedAt >= this.#journal.since - 2_000)
        await this.#answer(runId, replyTo, 'cancelled')
    }
  }

  async #resend(runId: string, replyTo: string, missing: readonly number[], result: boolean): Promise<void> {
    const reply = this.#runs.get(runId)?.reply
    if (reply === undefined) return
    const frames = missing.flatMap((number) => reply.frame(number) ?? [])
    for (const body of frames) await this.#sqs.send(replyTo, body)
    if (reply.result !== undefined && (result || frames.length < missing.length))
      await this.#sqs.send(replyTo, reply.result)
  }

  async #acknowledge(runId: string, replyTo: string): Promise<void> {
    await this.#sqs.send(
      replyTo,
      sealBody({ type: 'ack', ...this.#from(runId), sentAt: Date.now(), state: 'started' }),
    )
  }

  /** A result without output. */
  async #answer(runId: string, replyTo: string, kind: 'exited' | 'interrupted' | 'cancelled'): Promise<void> {
    const outcome = {
      kind,
      ...(kind === 'exited' ? { code: 0 } : {}),
      ...(kind === 'cancelled' ? { started: false } : {}),
    }
    await this.#sqs.send(replyTo, new Reply(this.#from(runId), 64_000, 0).finish(outcome, 0))
    this.#journal.end(runId)
  }

  async #publish(more: { readonly leaving?: boolean }): Promise<void> {
    const { environment, agentId, facts } = this.#o
    const message = {
      ...{ type: 'facts', agentId, hostname: agentId, environment, version: 'conformance' },
      ...{ startedAt: this.#startedAt, sentAt: Date.now(), intervalMs: 30_000 },
      ...{ running: [...this.#runs].filter(([, { isOver }]) => !isOver).map(([runId]) => runId), ...more },
      facts: { hostname: agentId, agent: { id: agentId }, ...facts },
    }
    await this.#sqs.send(`${environment}_facts`, sealBody(message))
  }

  #from(runId: string) {
    return { runId, agentId: this.#o.agentId, hostname: this.#o.agentId }
  }
}
