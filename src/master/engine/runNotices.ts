import type { ReceiveTrouble } from '../../run/receiveTrouble.ts'
import { changesNoAgent, type RunEvent } from '../../run/runEvent.ts'
import type { RunState } from '../../run/runState.ts'

/** What has changed since the last notice. */
export interface RunChange {
  /** Agents whose state changed, or that joined. */
  readonly agents: ReadonlySet<string>
  /** Agents that have new output. */
  readonly output: ReadonlySet<string>
  /** Phase, steps or counts of the run changed. */
  readonly run: boolean
}

/** Notifies listeners soon after changes, once for many. */
export class RunNotices {
  readonly #listeners = new Set<(change: RunChange) => void>()
  readonly #onWarning: (error: Error) => void
  #agents = new Set<string>()
  #output = new Set<string>()
  #run = false
  #scheduled = false
  #trouble: ReceiveTrouble | undefined

  /** @param onWarning called when a listener throws; the others are notified all the same */
  constructor(onWarning: (error: Error) => void) {
    this.#onWarning = onWarning
  }

  get areHeard(): boolean {
    return this.#listeners.size > 0
  }

  listen(listener: (change: RunChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** An event was applied to the state. */
  changedBy(event: RunEvent, { steps, stepsStarted, replies }: RunState): void {
    if ('agentId' in event) this.agents([event.agentId])
    else if (event.kind === 'askedAgain') this.agents(event.agentIds)
    else if (event.kind === 'stepStarted') this.agents(steps[stepsStarted - 1] ?? [])
    else if (changesNoAgent(event)) this.run()
    else this.agents(replies.keys())
  }

  agents(agentIds: Iterable<string>): void {
    for (const agentId of agentIds) this.#agents.add(agentId)
    this.run()
  }

  output(agentId: string): void {
    this.#output.add(agentId)
    this.run()
  }

  /** Why replies cannot be received now. */
  trouble(trouble: ReceiveTrouble | undefined): void {
    if (trouble === this.#trouble) return
    this.#trouble = trouble
    this.run()
  }

  get latestTrouble(): ReceiveTrouble | undefined {
    return this.#trouble
  }

  run(): void {
    this.#run = true
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#tell())
  }

  #tell(): void {
    const change: RunChange = { agents: this.#agents, output: this.#output, run: this.#run }
    this.#agents = new Set()
    this.#output = new Set()
    this.#run = false
    this.#scheduled = false
    for (const listener of this.#listeners) {
      try {
        listener(change)
      } catch (error) {
        this.#onWarning(error as Error)
      }
    }
  }
}
