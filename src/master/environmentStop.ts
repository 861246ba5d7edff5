import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { ReplyMessage } from '../protocol/messages.ts'
import type { Environment } from '../queues/environment.ts'
import type { QueueError } from '../queues/queueError.ts'
import type { Queues } from '../queues/queues.ts'
import type { Issuer } from '../run/runRequest.ts'
import type { Signer } from '../signing/signer.ts'
import type { OpenRuns } from './engine/openRuns.ts'
import type { KnownAgent } from './fleet/fleetSnapshot.ts'
import type { Inventory } from './fleet/inventory.ts'
import type { NamedAgent } from './fleet/reach.ts'
import { type RunningRun, runningRuns, unsettled } from './runningRuns.ts'
import { Broadcast } from './sending/broadcast.ts'
import type { History } from './store/history.ts'

/** Agents publish their facts every 30 s, and may need some seconds to end a command. Milliseconds. */
const watchMs = 90_000

/** Time between two readings of the facts meanwhile, milliseconds. */
const readEveryMs = 2_000

/** A stop ends after this, whatever agents say, milliseconds. */
const longestMs = 10 * 60_000

/** An agent receives a visible command within some seconds, if there are not more than ten of them. Milliseconds. */
const visibleMs = 10_000
const mostVisible = 6

/** Most cancels, and most refusals of them, that are remembered. */
const mostRemembered = 10_000

/** Lifetime of a cancel, the queue's retention, milliseconds. */
const ttlMs = 60_000

export interface StopOutcome {
  /** The runs that were asked to stop. */
  readonly stopped: readonly RunningRun[]
  /** Agents that refused to stop a run, and why. */
  readonly refused: readonly { readonly hostname: string; readonly reason: string }[]
  /** Agents whose latest facts, later than the stop, still name one of the runs, or one that could not be asked to stop yet. */
  readonly running: readonly NamedAgent[]
  /** Agents that have not published facts since the stop: what they execute is unknown. */
  readonly unknown: readonly NamedAgent[]
}

export interface EnvironmentStopParts {
  readonly environment: Environment
  readonly queues: Queues
  readonly issuer: Issuer
  readonly signer: Signer | undefined
  readonly history: Pick<History, 'has' | 'load'>
  readonly inventory: Pick<Inventory, 'agents' | 'identify'>
  readonly runs: Pick<OpenRuns, 'underWay'>
  /** Resolves to the queue for replies. */
  readonly replyTo: () => Promise<string>
  /** Reads the facts queue. */
  readonly refresh: () => Promise<unknown>
  readonly sqsNow: () => number
  /** Aborted when the master is closed. */
  readonly closed: AbortSignal
  readonly onWarning: (error: QueueError) => void
}

/** Stops all runs of an environment, also those of other masters. */
export class EnvironmentStop {
  readonly #parts: EnvironmentStopParts
  /** The cancels of other masters' runs, by their own ID, with what agents say of them. */
  readonly #orders = new Map<string, string>()
  readonly #refused = new Map<
    string,
    { readonly runId: string; readonly hostname: string; readonly reason: string }
  >()
  #stopping = 0

  constructor(parts: EnvironmentStopParts) {
    this.#parts = parts
  }

  get isOn(): boolean {
    return this.#stopping > 0
  }

  /** What runs now: see {@link runningRuns}. */
  running(): RunningRun[] {
    const { inventory, runs } = this.#parts
    const own = runs.underWay().map(({ state }) => state)
    return runningRuns(inventory.agents(), own)
  }

  /**
   * Takes a reply that belongs to no run of this master.
   * @returns whether it is about a stop
   */
  takes(reply: ReplyMessage, senderId: string | undefined): boolean {
    const { agentId, hostname } = reply
    const runId = this.#orders.get(reply.runId)
    // The result of a run that another master has started, and that was over already.
    if (runId === undefined) return [...this.#orders.values()].includes(reply.runId)
    if (this.#parts.inventory.identify(agentId, senderId) === 'forged') return false
    if (reply.type === 'refusal' && this.#refused.size < mostRemembered)
      this.#refused.set(`${agentId} ${runId}`, { runId, hostname, reason: reply.reason })
    return true
  }

  /**
   * Asks all agents to stop what {@link running} returns, and what else they turn out to execute, until each has published facts
   * after that and executes none of it, for 90 s at most. An agent that has not received one of the commands yet does not
   * execute it. Runs that this master starts meanwhile go on.
   * @param signal ends the watch; what was asked to stop stops
   * @throws QueueError when SQS refuses a cancel: all others were sent
   */
  async stop(signal: AbortSignal): Promise<StopOutcome> {
    const { environment, queues, signer, inventory, runs, refresh, sqsNow, closed, onWarning } = this.#parts
    const broadcast = new Broadcast(queues, environment.queues.commands, signer)
    const watch = AbortSignal.any([signal, closed])
    const [began, startedAt] = [performance.now(), sqsNow()]
    const before = new Set(runs.underWay().map(({ runId }) => runId))
    const isLater = (run: RunningRun) => !before.has(run.runId) && this.#ownRun(run) !== undefined
    const stopped = new Map<string, RunningRun>()
    let lastSent = began
    let problem: unknown
    this.#stopping += 1
    try {
      for (;;) {
        const found = this.running().filter((run) => !stopped.has(run.runId) && !isLater(run))
        const own = found.filter((run) => this.#ownRun(run) !== undefined)
        const others = found.filter((run) => !own.includes(run))
        await broadcast.withdraw(closed, ({ at }) => at < Date.now() - visibleMs).catch(onWarning)
        const sendable = [...own, ...others.slice(0, Math.max(0, mostVisible - broadcast.size))]
        for (const run of sendable) {
          stopped.set(run.runId, run)
          lastSent = performance.now()
          await this.#cancel(run, broadcast).catch((error) => {
            problem ??= error
          })
        }
        const there = inventory.agents().filter(({ state }) => state !== 'gone')
        const left = found.filter((run) => !sendable.includes(run))
        const outcome = this.#outcome([...stopped.values()], left, there, startedAt)
        const isQuiet = outcome.running.length === 0 && outcome.unknown.length === 0
        const isLate = performance.now() - lastSent > watchMs
        const isOver = sendable.length === found.length && (problem !== undefined || isQuiet || isLate)
        if (isOver || watch.aborted || performance.now() - began > longestMs) {
          if (problem !== undefined) throw problem
          return outcome
        }
        await delay(readEveryMs, undefined, { signal: watch }).catch(() => {})
        if (!watch.aborted) await refresh().catch(onWarning)
      }
    } finally {
      this.#stopping -= 1
      void this.#withdraw(broadcast, lastSent + visibleMs - performance.now())
    }
  }

  /** Before they expire, every agent would receive them again and again; but all must have been able to receive them. */
  async #withdraw(broadcast: Broadcast, inMs: number): Promise<void> {
    const { closed, onWarning } = this.#parts
    await delay(Math.max(0, inMs), undefined, { signal: closed, ref: false }).catch(() => {})
    if (!closed.aborted) await broadcast.withdraw(closed).catch(onWarning)
  }

  #ownRun({ runId }: RunningRun) {
    return this.#parts.runs.underWay().find((run) => run.runId === runId)
  }

  #outcome(
    stopped: readonly RunningRun[],
    left: readonly RunningRun[],
    there: readonly KnownAgent[],
    since: number,
  ): StopOutcome {
    const runIds = new Set(stopped.map(({ runId }) => runId))
    const executed = new Set([...runIds, ...left.map(({ runId }) => runId)])
    const isKnown = ({ factsAt }: KnownAgent) => factsAt > since
    const hasOne = ({ running }: KnownAgent) => running.some((runId) => executed.has(runId))
    return {
      stopped,
      refused: [...this.#refused.values()].filter(({ runId }) => runIds.has(runId)),
      running: there.filter((agent) => isKnown(agent) && hasOne(agent)).map(nameOf),
      unknown: there.filter((agent) => !isKnown(agent)).map(nameOf),
    }
  }

  async #cancel(run: RunningRun, broadcast: Broadcast): Promise<void> {
    const { environment, issuer, history, replyTo, sqsNow, closed } = this.#parts
    const { runId } = run
    const own = this.#ownRun(run)
    if (own !== undefined) return own.cancel()
    // Another window's: agents that have finished it would send their results again.
    const state = (await history.has(runId)) ? (await history.load(runId)).state : undefined
    const targets = state === undefined ? undefined : unsettled(state).map(({ agentId }) => agentId)
    if (targets?.length === 0) return
    const orderId = randomUUID()
    this.#remember(orderId, runId)
    await broadcast.publish(
      {
        ...{ type: 'command', runId: orderId, environment: environment.name, issuer, filter: '*' },
        ...{ issuedAt: Math.round(sqsNow()), ttlMs, timeoutMs: ttlMs, replyTo: await replyTo() },
        // Nobody here knows when the run was issued: an agent that does not know it says nothing, and never starts it.
        action: { kind: 'cancel', runId, issuedAt: 0 },
        ...(targets === undefined ? {} : { targets }),
      },
      closed,
    )
  }

  #remember(orderId: string, runId: string): void {
    this.#orders.set(orderId, runId)
    const [oldest] = this.#orders.keys()
    if (oldest !== undefined && this.#orders.size > mostRemembered) this.#orders.delete(oldest)
  }
}

function nameOf({ agentId, hostname }: NamedAgent): NamedAgent {
  return { agentId, hostname }
}
