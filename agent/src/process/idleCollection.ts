/** How long after the last run, milliseconds: commands of one piece of work follow one another sooner. */
const collectAfterMs = 20_000

export interface IdleCollectionOptions {
  /** Nothing is queued or being executed, and every reply is delivered. */
  readonly isIdle: () => boolean
  /** Collects garbage; undefined where nobody may ask for that. */
  readonly collect: (() => void) | undefined
}

/**
 * Collects garbage once the agent is idle. V8 does that when it allocates, which an idle agent hardly does: what
 * its start or a large output took would stay taken for hours. While runs are active nothing is collected.
 */
export class IdleCollection {
  readonly #o: IdleCollectionOptions
  #timer: NodeJS.Timeout | undefined

  constructor(options: IdleCollectionOptions) {
    this.#o = options
  }

  /** The agent has started, or its last run has ended: the time until the collection starts again. */
  schedule(): void {
    const { isIdle, collect } = this.#o
    if (collect === undefined) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => (isIdle() ? collect() : this.schedule()), collectAfterMs).unref()
  }
}

/**
 * V8's collector of everything, caches included, where Node exposes it: our executables do. It stops the process for about
 * as long as 10 MiB of objects take to visit, some 50 ms.
 */
export function exposedCollector(): (() => void) | undefined {
  const { gc } = globalThis
  return gc === undefined ? undefined : () => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
