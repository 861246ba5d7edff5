import type { Environment } from '../queues/environment.ts'
import type { Queues } from '../queues/queues.ts'
import { SenderTally } from '../queues/senderTally.ts'
import type { OpenRuns } from './engine/openRuns.ts'
import { type Sweep, sweepFacts } from './fleet/factsSweep.ts'
import type { Inventory } from './fleet/inventory.ts'
import type { MasterWarning } from './masterWarning.ts'

/** How often to read the facts while a command waits for a free slot of an agent: only facts say so. Milliseconds. */
const askAboutQueuedMs = 30_000

export interface FactsRefreshParts {
  readonly queues: Queues
  readonly environment: Environment
  readonly inventory: Inventory
  readonly runs: OpenRuns
  readonly sqsNow: () => number
  readonly signal: AbortSignal
  /** Shares pins with other masters. Never rejects. */
  readonly syncPins: () => Promise<void>
  readonly onWarning: (warning: MasterWarning) => void
}

/** Reads the facts queue on request, or when a run needs it. */
export class FactsRefresh {
  readonly #parts: FactsRefreshParts
  #sweeping: Promise<Sweep> | undefined
  #sweptAt = 0
  /** IDs of the messages that the latest sweep could not read. */
  #unreadable: ReadonlySet<string> = new Set()
  /** Actions that are not allowed, once they were told. */
  readonly #refused = new Set<string>()
  readonly #tallies = {
    unreadable: new SenderTally(),
    memory: new SenderTally(),
    sender: new SenderTally(),
    conflicting: new SenderTally(),
  }

  constructor(parts: FactsRefreshParts) {
    this.#parts = parts
  }

  /**
   * Concurrent calls share one sweep.
   * @throws QueueError when the facts queue cannot be read
   */
  refresh(): Promise<Sweep> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined
    })
    return this.#sweeping
  }

  /** Call it with each tick of the runs. */
  askAboutQueued(now: number): void {
    if (now - this.#sweptAt < askAboutQueuedMs) return
    this.#sweptAt = now
    const isQueued = this.#parts.runs
      .underWay()
      .some(({ state }) =>
        [...state.replies.values()].some((reply) => reply.state === 'running' && reply.started === 'queued'),
      )
    if (isQueued) this.refresh().catch((error) => this.#parts.onWarning({ kind: 'queue', error }))
  }

  /** Resolves when nothing is being read. */
  async idle(): Promise<void> {
    await this.#sweeping?.catch(() => {})
  }

  async #sweep(): Promise<Sweep> {
    const { queues, environment, inventory, runs, sqsNow, signal, syncPins, onWarning } = this.#parts
    this.#sweptAt = Date.now()
    // What other masters have learnt, before anything is believed; and what this sweep has.
    await syncPins()
    const sweep = await sweepFacts(queues, environment, inventory, sqsNow, signal).finally(syncPins)
    for (const error of sweep.notPutBack) {
      // It would be said with each sweep.
      if (error.kind === 'forbidden' && this.#refused.has(error.action)) continue
      this.#refused.add(error.action)
      onWarning({ kind: 'not-put-back', error })
    }
    for (const { messageId, reason, senderId } of sweep.unreadable) {
      // They stay on the queue for a minute, and are read by each sweep.
      if (this.#unreadable.has(messageId)) continue
      const count = this.#tallies.unreadable.count(senderId)
      if (count !== undefined)
        onWarning({ kind: 'unreadable', queue: 'facts', messageId, reason, senderId, count })
    }
    this.#unreadable = new Set(sweep.unreadable.map(({ messageId }) => messageId))
    for (const facts of sweep.problems) {
      if (this.#tallies[facts.problem].count(facts.senderId) !== undefined)
        onWarning({ kind: 'facts', ...facts })
    }
    const underWay = new Map(runs.underWay().map((run) => [run.runId, run]))
    if (underWay.size === 0) return sweep
    for (const { agentId, running } of inventory.agents())
      for (const runId of running) underWay.get(runId)?.seen(agentId, Date.now())
    return sweep
  }
}
