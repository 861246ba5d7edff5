import { readGroupBy } from '../../answers/groupBy.ts'
import type { FromPage } from '../../page/fromPage.ts'
import type { ToPage } from '../../page/toPage.ts'
import type { Facts } from '../../protocol/facts.ts'
import type { Group } from '../../report/grouping.ts'
import type { RunColumns } from '../../report/runColumns.ts'
import type { Translate } from '../../text/translate.ts'
import { GroupNumbers } from './groupsTable.ts'
import type { Clock } from './pageClock.ts'
import { PageFeed } from './pageFeed.ts'
import { PageOutputs } from './pageOutputs.ts'
import { RunTable } from './runTable.ts'
import type { Shown, ShownEnvironment, ShownRun } from './shownRun.ts'

type OutputOf = Extract<FromPage, { type: 'open-output' }>['of']

export interface PageSessionOptions {
  readonly run: ShownRun
  readonly environment: ShownEnvironment
  /** Whether the run can be controlled: false for a finished run. */
  readonly live: boolean
  /** Whether another window has it in progress. */
  readonly elsewhere?: boolean | undefined
  /** What the facts say of an agent; undefined where its environment is not open. */
  readonly sighting?: Shown['sighting']
  readonly clock: Clock
  /** Translates what the page does not say itself. */
  readonly t: Translate
  /** What is known of an agent now. */
  factsOf?(agentId: string): Facts | undefined
  post(message: ToPage): void
  /** Something could not be read; the page continues with the rest. */
  onWarning(error: Error): void
}

/** One page that shows one run: answers its requests, and sends nothing before `ready`. */
export class PageSession {
  readonly #options: PageSessionOptions
  readonly #run: ShownRun
  readonly #groups: GroupNumbers
  readonly #feed: PageFeed
  readonly #outputs: PageOutputs
  readonly #table: RunTable
  readonly #onWarning: (error: Error) => void
  readonly #unsubscribe: () => void
  #isDisposed = false

  constructor(options: PageSessionOptions) {
    const { run, t } = options
    this.#options = options
    this.#run = run
    this.#onWarning = options.onWarning
    this.#groups = new GroupNumbers(run, t, (agentId) => options.factsOf?.(agentId))
    this.#feed = new PageFeed({ ...options, groups: this.#groups })
    this.#outputs = new PageOutputs(options)
    this.#table = new RunTable(options)
    this.#unsubscribe = run.onChange((change) => {
      this.#feed.changed(change)
      this.#outputs.changed(change)
      this.#table.changed()
    })
  }

  /** Handles requests of the page that concern only the page; the rest is for the caller. */
  receive(message: FromPage): void {
    // Requests that a page sent before it was hidden are outdated.
    if (this.#isDisposed || (!this.#feed.isOn && message.type !== 'ready')) return
    switch (message.type) {
      case 'ready':
        this.pause()
        this.#feed.start()
        break
      case 'in-sight':
        this.#feed.show(message.agents)
        break
      case 'output': {
        const agentId = this.agentOf(message.of)
        if (agentId !== undefined) this.#outputs.show(agentId, message)
        break
      }
      case 'group-by':
        this.#groupBy(message.by)
        break
      case 'table':
        this.#table.show(message)
        break
      case 'close-table':
        this.#table.close()
        break
      case 'close-output':
        this.#outputs.close()
        break
      case 'search':
        this.#outputs.search(message.search, message.query)
        break
      case 'look-up':
        this.#lookUp(message.agent)
        break
      case 'find':
        this.#outputs.find(message)
    }
  }

  #groupBy(text: string | undefined): void {
    try {
      this.#groups.choose(text === undefined ? undefined : readGroupBy(text))
    } catch (error) {
      // A page that was restored may name what was checked by another version.
      this.#onWarning(error as Error)
      this.#groups.choose(undefined)
    }
    this.#feed.regroup()
  }

  #lookUp(agent: string): void {
    const { post, sighting } = this.#options
    if (!this.#run.state.replies.has(agent)) return
    post({ type: 'sighting', agent, ...(sighting?.(agent) ?? { state: 'unknown', otherRuns: 0 }) })
  }

  /** The agent whose output represents the group. */
  agentOf(of: OutputOf): string | undefined {
    if ('group' in of) return this.group(of.group)?.representative
    return this.#run.state.replies.has(of.agent) ? of.agent : undefined
  }

  group(number: number): Group | undefined {
    return this.#groups.group(number)
  }

  /** The rows of the table that the page shows, all of them. */
  tableRows(): ReturnType<RunTable['shownRows']> {
    return this.#table.shownRows()
  }

  /** The text of lines of the output that the page has open; undefined when it has another one open by now. */
  textOf(request: Extract<FromPage, { type: 'copy-lines' }>): Promise<string | undefined> {
    return this.#outputs.text(request)
  }

  /** The columns of the table that the page shows, with all its rows; undefined while it shows none. */
  tableColumns(): RunColumns | undefined {
    return this.#table.columns()
  }

  majority(): Group | undefined {
    return this.#groups.majority()
  }

  /** The page is seen again: if messages were lost meanwhile, it notices by the number of this one. */
  catchUp(): void {
    this.#feed.catchUp()
  }

  /** Nothing is sent until the page says `ready`. */
  pause(): void {
    this.#feed.stop()
    this.#outputs.stop()
    this.#table.close()
  }

  dispose(): void {
    this.#isDisposed = true
    this.pause()
    this.#groups.stop()
    this.#unsubscribe()
  }
}
