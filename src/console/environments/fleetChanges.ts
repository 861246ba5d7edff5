import * as vscode from 'vscode'

/** Why the shown state of an environment may be out of date. */
export type ChangeReason =
  /** Its connection opened, failed or closed, or a problem began or ended. */
  | 'connection'
  /** Agents appeared, disappeared, or changed their facts. */
  | 'agents'
  /** The fleet was read: at least the age of each agent has changed. */
  | 'look'

export interface FleetChange {
  /** Key of the environment. */
  readonly key: string
  readonly reasons: ReadonlySet<ChangeReason>
}

/** Least time between two notifications of listeners, milliseconds: short enough for a person. */
const restMs = 250

/** The share of time that listeners may take. */
const share = 0.1

/**
 * The one place that decides when views are updated. The first change is reported in the next turn; later ones (one for
 * each message of a sweep) are reported together after a pause, which is longer the more time the listeners took.
 */
export class FleetChanges implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<FleetChange>()
  readonly #pending = new Map<string, Set<ChangeReason>>()
  #timer: NodeJS.Timeout | undefined
  /** By `performance.now`. */
  #restsUntil = Number.NEGATIVE_INFINITY
  readonly onDidChange = this.#changed.event

  note(key: string, reason: ChangeReason): void {
    const reasons = this.#pending.get(key)
    if (reasons !== undefined) {
      reasons.add(reason)
      return
    }
    this.#pending.set(key, new Set([reason]))
    this.#timer ??= setTimeout(() => this.#tell(), Math.max(0, this.#restsUntil - performance.now()))
  }

  dispose(): void {
    clearTimeout(this.#timer)
    this.#pending.clear()
    this.#changed.dispose()
  }

  #tell(): void {
    this.#timer = undefined
    const changes = [...this.#pending].map(([key, reasons]): FleetChange => ({ key, reasons }))
    this.#pending.clear()
    const startedAt = performance.now()
    for (const change of changes) this.#changed.fire(change)
    const endedAt = performance.now()
    this.#restsUntil = endedAt + Math.max(restMs, (endedAt - startedAt) / share)
  }
}
