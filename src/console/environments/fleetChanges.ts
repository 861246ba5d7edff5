import * as vscode from 'vscode'

/** Why what is shown of an environment may be out of date. */
export type ChangeReason =
  /** Its connection opened, failed, closed, or has or no longer has a problem. */
  | 'connection'
  /** Agents came, went, or said something new. */
  | 'agents'
  /** The fleet was looked at: agents have grown older, if nothing else. */
  | 'look'

export interface FleetChange {
  /** The environment's. */
  readonly key: string
  readonly reasons: ReadonlySet<ChangeReason>
}

/** Whoever shows something is told at most so often, milliseconds: often enough for a person. */
const restMs = 250

/** Those who show something may take this share of the time. */
const share = 0.1

/**
 * The one place that says when what is shown must be shown anew. The first change is told in the next turn; those that
 * come then, one for each message of a sweep, are told together after a rest, which is the longer the more work the
 * listeners make of it.
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
