import type { Memento } from 'vscode'
import type { History, RunSummary } from '../../master/store/history.ts'

/** Number of runs whose environment is remembered. */
const rememberedRuns = 2000
const mementoKey = 'environmentOfRun'
const originsKey = 'originOfRun'

/** The runs of this workspace. */
export class RunHistory {
  readonly #open: () => Promise<History>
  readonly #memento: Memento

  /** @param memento remembers the environment of each run: its name alone may now belong to another one */
  constructor(open: () => Promise<History>, memento: Memento) {
    this.#open = open
    this.#memento = memento
  }

  open(): Promise<History> {
    return this.#open()
  }

  /** Newest first. */
  async list(): Promise<readonly RunSummary[]> {
    return (await this.#open()).list()
  }

  /** Whether other windows have changed it since it was listed. */
  async hasChanged(): Promise<boolean> {
    return (await this.#open()).hasChanged()
  }

  environmentKeyOf(runId: string): string | undefined {
    return this.#keys().find(([id]) => id === runId)?.[1]
  }

  async remember(runId: string, environmentKey: string): Promise<void> {
    await this.#memento.update(
      mementoKey,
      [[runId, environmentKey], ...this.#keys()].slice(0, rememberedRuns),
    )
  }

  /** The run from which a person started this one: "run again", or "run another command". */
  originOf(runId: string): string | undefined {
    return this.#origins().find(([id]) => id === runId)?.[1]
  }

  async rememberOrigin(runId: string, origin: string): Promise<void> {
    await this.#memento.update(originsKey, [[runId, origin], ...this.#origins()].slice(0, rememberedRuns))
  }

  /** Filters and shell commands of earlier runs, each once, latest first. */
  async recent(): Promise<{ filters: string[]; commands: string[] }> {
    const runs = await this.list()
    const filters = runs
      .filter(({ request }) => request.targets === undefined)
      .map(({ request }) => request.filter)
    const commands = runs.flatMap(({ request: { action } }) =>
      action.kind === 'shell' ? [action.command] : [],
    )
    return { filters: distinct(filters.filter((filter) => filter !== '*')), commands: distinct(commands) }
  }

  #origins(): readonly (readonly [string, string])[] {
    return this.#memento.get(originsKey, [])
  }

  #keys(): readonly (readonly [string, string])[] {
    return this.#memento.get(mementoKey, [])
  }
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}
