import type { History, RunSummary } from '../../master/history.ts'

/** The runs of this workspace, as far as the sending boxes need them. */
export class RunHistory {
  readonly #open: () => Promise<History>

  constructor(open: () => Promise<History>) {
    this.#open = open
  }

  open(): Promise<History> {
    return this.#open()
  }

  /** Newest first. */
  async list(): Promise<RunSummary[]> {
    return (await this.#open()).list()
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
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}
