import type { RunChange } from '../../master/engine/run.ts'
import type { FromPage, Query } from '../../page/fromPage.ts'
import type { ToPage } from '../../page/toPage.ts'
import type { Translate } from '../../text/translate.ts'
import type { Matcher } from './matcher.ts'
import { OpenOutput } from './openOutput.ts'
import type { Clock } from './pageClock.ts'
import { RunningSearch } from './runningSearch.ts'
import type { ShownRun } from './shownRun.ts'

export interface PageOutputsOptions {
  readonly run: ShownRun
  readonly clock: Clock
  readonly t: Translate
  post(message: ToPage): void
  /** An output could not be read. */
  onWarning(error: Error): void
}

/** The outputs of a run as one page reads them: the one that is open, and the search of all. At most one of each. */
export class PageOutputs {
  readonly #options: PageOutputsOptions
  #open: OpenOutput | undefined
  #search: RunningSearch | undefined
  #matcher: Matcher | undefined

  constructor(options: PageOutputsOptions) {
    this.#options = options
  }

  /** Sends these lines of the output, and again whenever they change. Closes the output that was open. */
  show(
    agentId: string,
    { view, from, to, follow, formatted = false }: Extract<FromPage, { type: 'output' }>,
  ): void {
    const { run, clock, t, post, onWarning } = this.#options
    if (this.#open === undefined || this.#open.agentId !== agentId || this.#open.page !== view) {
      this.close()
      this.#open = new OpenOutput({ run, agentId, page: view, clock, t, post })
      this.#open.search(this.#matcher)
      this.#open.read().catch(onWarning)
    }
    this.#open.show({ from, to, follow, formatted })
  }

  /** Sends the next match in the open output, if it is still open when it is read. */
  find(request: Extract<FromPage, { type: 'find' }>): void {
    this.#find(request).catch(this.#options.onWarning)
  }

  /** The text of these lines of the open output; undefined when another one is open. */
  async text({ view, from, to }: Extract<FromPage, { type: 'copy-lines' }>): Promise<string | undefined> {
    return this.#open?.page === view ? this.#open.text(from, to) : undefined
  }

  close(): void {
    this.#open?.close()
    this.#open = undefined
  }

  /** Searches all outputs; `number` is the page's number of the search. An empty query ends the search. */
  search(number: number, query: Query): void {
    this.#endSearch()
    if (query.text !== '') {
      const { run, clock, t, post, onWarning } = this.#options
      this.#search = new RunningSearch(run, number, clock, post)
      this.#matcher = this.#search.start(query, t, onWarning)
    }
    this.#open?.search(this.#matcher)
  }

  /** The run has changed. */
  changed({ agents, output }: RunChange): void {
    const { onWarning } = this.#options
    const open = this.#open
    if (open !== undefined && output.has(open.agentId)) open.read().catch(onWarning)
    else if (open !== undefined && agents.has(open.agentId)) open.refresh()
    if (output.size > 0) this.#search?.outputGrew(output, onWarning)
  }

  /** Closes the output, and ends the search. */
  stop(): void {
    this.close()
    this.#endSearch()
  }

  async #find({ view, from, direction }: Extract<FromPage, { type: 'find' }>): Promise<void> {
    if (this.#open?.page !== view) return
    const found = await this.#open.find(from, direction)
    if (this.#open?.page === view) this.#options.post({ type: 'found', view, ...found })
  }

  #endSearch(): void {
    this.#search?.stop()
    this.#search = undefined
    this.#matcher = undefined
  }
}
