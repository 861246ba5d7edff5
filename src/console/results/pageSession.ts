import { inNaturalOrder } from '../../hosts/naturalOrder.ts'
import type { RunChange } from '../../master/engine/run.ts'
import type { FromPage, Query } from '../../page/fromPage.ts'
import type { AgentRow, ToPage } from '../../page/toPage.ts'
import { type Group, groupReplies } from '../../report/grouping.ts'
import type { Translate } from '../../text/translate.ts'
import { GroupNumbers } from './groupsTable.ts'
import type { Matcher } from './matcher.ts'
import { OpenOutput } from './openOutput.ts'
import { lastLine, previewBytes } from './outputPreview.ts'
import type { Clock } from './pageClock.ts'
import { agentRow, runHeader } from './projection.ts'
import { RunningSearch } from './runningSearch.ts'
import type { ShownEnvironment, ShownRun } from './shownRun.ts'

/** Time until a change is sent to the page, milliseconds: at first about a frame, then no more often than visible. */
const firstDeltaMs = 8
const deltaEveryMs = 40
/**
 * Rows in one message: the page shows the first of 10,000 before the last are sent, and the editor, which reads each
 * message as a whole, can handle keys in between.
 */
const rowsPerMessage = 250
/** Least time between two groupings, which need all replies; they never take more than a fifth of the time. */
const groupEveryMs = 150
const previewEveryMs = 250

type OutputOf = Extract<FromPage, { type: 'open-output' }>['of']

export interface PageSessionOptions {
  readonly run: ShownRun
  readonly environment: ShownEnvironment
  /** Whether the run can be controlled: false for a finished run. */
  readonly live: boolean
  readonly clock: Clock
  /** Translates what the page does not say itself. */
  readonly t: Translate
  post(message: ToPage): void
  /** Something could not be read; the page continues with the rest. */
  onWarning(error: Error): void
}

/** One page that shows one run: what was sent to it, and what is sent next. Sends nothing before `ready`. */
export class PageSession {
  readonly #options: PageSessionOptions
  readonly #groups: GroupNumbers
  readonly #unsubscribe: () => void
  readonly #dirty = new Set<string>()
  readonly #previews = new Map<string, { bytes: number; line: string }>()
  #inSight: readonly string[] = []
  #previewsStale = false
  #tellsRun = false
  #groupsStale = true
  #tellsGroups = false
  #flushedAt = Number.NEGATIVE_INFINITY
  #groupedAt = Number.NEGATIVE_INFINITY
  #groupingMs = 0
  #previewedAt = Number.NEGATIVE_INFINITY
  #seq: number | undefined
  #cancelFlush: (() => void) | undefined
  #flushAt = 0
  #output: OpenOutput | undefined
  #search: RunningSearch | undefined
  #matcher: Matcher | undefined
  #sentPreviews = new Map<string, string>()
  #isDisposed = false

  constructor(options: PageSessionOptions) {
    this.#options = options
    this.#groups = new GroupNumbers(options.run, options.t)
    this.#unsubscribe = options.run.onChange((change) => this.#changed(change))
  }

  /** Handles requests of the page that concern only the page; the rest is for the caller. */
  receive(message: FromPage): void {
    // Requests that a page sent before it was hidden are outdated.
    if (this.#isDisposed || (this.#seq === undefined && message.type !== 'ready')) return
    switch (message.type) {
      case 'ready':
        this.#snapshot()
        break
      case 'in-sight':
        this.#inSight = message.agents
        this.#readPreviews()
        break
      case 'output': {
        const agentId = this.agentOf(message.of)
        if (agentId !== undefined) this.#showOutput(agentId, message)
        break
      }
      case 'close-output':
        this.#closeOutput()
        break
      case 'search':
        this.#startSearch(message.search, message.query)
        break
      case 'find':
        this.#find(message).catch(this.#options.onWarning)
    }
  }

  /** The agent whose output represents the group. */
  agentOf(of: OutputOf): string | undefined {
    if ('group' in of) return this.group(of.group)?.representative
    return this.#options.run.state.replies.has(of.agent) ? of.agent : undefined
  }

  group(number: number): Group | undefined {
    return this.#groups.group(number)
  }

  majority(): Group | undefined {
    return this.#groups.majority()
  }

  /** The page is hidden, where messages get lost: nothing is sent until it says `ready`. */
  pause(): void {
    this.#seq = undefined
    this.#cancelFlush?.()
    this.#cancelFlush = undefined
    this.#inSight = []
    this.#closeOutput()
    this.#endSearch()
  }

  dispose(): void {
    this.#isDisposed = true
    this.pause()
    this.#unsubscribe()
  }

  #snapshot(): void {
    this.pause()
    const { run, environment, live, clock, t, post } = this.#options
    const { state } = run
    this.#regroup()
    this.#dirty.clear()
    this.#sentPreviews.clear()
    for (const { agentId } of inNaturalOrder(state.replies.values(), ({ hostname }) => hostname))
      this.#dirty.add(agentId)
    this.#seq = 0
    this.#tellsRun = this.#tellsGroups = false
    post({
      type: 'snapshot',
      seq: 0,
      run: runHeader(state, environment, { live, now: clock.now(), t }),
      total: state.replies.size,
      counts: { ...state.counts },
      rows: this.#takeRows(),
      groups: this.#groups.table(state),
    })
    this.#readGroupPreviews()
    if (this.#dirty.size > 0) this.#flushIn(firstDeltaMs)
  }

  #changed({ agents, output, run }: RunChange): void {
    this.#groupsStale = true
    if (this.#seq === undefined) return
    for (const agentId of agents) this.#dirty.add(agentId)
    for (const agentId of output) this.#dirty.add(agentId)
    this.#tellsRun ||= run
    this.#previewsStale ||= output.size > 0 && this.#inSight.length > 0
    this.#flushSoon()
    const open = this.#output
    if (open !== undefined && output.has(open.agentId)) open.read().catch(this.#options.onWarning)
    else if (open !== undefined && agents.has(open.agentId)) open.refresh()
    if (output.size > 0) this.#search?.outputGrew(output, this.#options.onWarning)
  }

  #flushSoon(): void {
    const { clock } = this.#options
    this.#flushIn(Math.max(firstDeltaMs, this.#flushedAt + deltaEveryMs - clock.now()))
  }

  #flushIn(ms: number): void {
    const { clock } = this.#options
    const at = clock.now() + ms
    if (this.#cancelFlush !== undefined && at >= this.#flushAt) return
    this.#cancelFlush?.()
    this.#flushAt = at
    this.#cancelFlush = clock.later(() => {
      this.#cancelFlush = undefined
      this.#flush()
    }, ms)
  }

  #flush(): void {
    if (this.#seq === undefined) return
    const { run, environment, live, clock, t, post } = this.#options
    const { state } = run
    const now = clock.now()
    this.#flushedAt = now
    const isDue = now - this.#groupedAt >= Math.max(groupEveryMs, 4 * this.#groupingMs)
    if (this.#groupsStale && (isDue || state.phase === 'over')) this.#regroup()
    const rows = this.#takeRows()
    if (rows.length > 0 || this.#tellsRun || this.#tellsGroups) {
      this.#seq += 1
      post({
        type: 'delta',
        seq: this.#seq,
        total: state.replies.size,
        counts: { ...state.counts },
        rows,
        ...(this.#tellsGroups ? { groups: this.#groups.table(state) } : {}),
        ...(this.#tellsRun ? { run: runHeader(state, environment, { live, now, t }) } : {}),
      })
      if (this.#tellsGroups) this.#readGroupPreviews()
      this.#tellsRun = this.#tellsGroups = false
    }
    const previewInMs = this.#previewedAt + previewEveryMs - now
    if (this.#previewsStale && previewInMs <= 0) this.#readPreviews()
    if (this.#dirty.size > 0) this.#flushIn(firstDeltaMs)
    else if (this.#groupsStale) this.#flushIn(Math.max(deltaEveryMs, this.#groupedAt + groupEveryMs - now))
    else if (this.#previewsStale) this.#flushIn(Math.max(deltaEveryMs, previewInMs))
  }

  #regroup(): void {
    const { run, clock } = this.#options
    const startedAt = clock.now()
    for (const agentId of this.#groups.update(groupReplies(run.state))) this.#dirty.add(agentId)
    this.#groupedAt = clock.now()
    this.#groupingMs = this.#groupedAt - startedAt
    this.#groupsStale = false
    this.#tellsGroups = true
  }

  #takeRows(): AgentRow[] {
    const rows: AgentRow[] = []
    for (const agentId of this.#dirty) {
      if (rows.length === rowsPerMessage) break
      this.#dirty.delete(agentId)
      const reply = this.#options.run.state.replies.get(agentId)
      if (reply !== undefined) rows.push(agentRow(reply, this.#groups.of(agentId), this.#options.t))
    }
    return rows
  }

  #readGroupPreviews(): void {
    this.#groups
      .readPreviews()
      .then((found) => {
        if (!found || this.#seq === undefined) return
        this.#tellsGroups = true
        this.#flushSoon()
      })
      .catch(this.#options.onWarning)
  }

  /** Last lines of the visible agents, if they have changed. */
  #readPreviews(): void {
    this.#previewedAt = this.#options.clock.now()
    this.#previewsStale = false
    this.#findPreviews(this.#inSight)
      .then((previews) => {
        if (this.#seq === undefined || previews.length === 0) return
        const { state } = this.#options.run
        this.#seq += 1
        this.#options.post({
          type: 'delta',
          seq: this.#seq,
          total: state.replies.size,
          counts: { ...state.counts },
          rows: [],
          previews,
        })
      })
      .catch(this.#options.onWarning)
  }

  async #findPreviews(agentIds: readonly string[]): Promise<[string, string][]> {
    const { run } = this.#options
    const previews: [string, string][] = []
    for (const agentId of agentIds) {
      const reply = run.state.replies.get(agentId)
      const bytes = (reply?.stdoutBytes ?? 0) + (reply?.stderrBytes ?? 0)
      if (bytes === 0) continue
      const known = this.#previews.get(agentId)
      const line =
        known?.bytes === bytes
          ? known.line
          : lastLine(await run.output(agentId, Math.max(0, bytes - previewBytes), previewBytes))
      // A reading that began later is more recent.
      if ((this.#previews.get(agentId)?.bytes ?? 0) > bytes) continue
      this.#previews.set(agentId, { bytes, line })
      if (this.#sentPreviews.get(agentId) === line) continue
      this.#sentPreviews.set(agentId, line)
      previews.push([agentId, line])
    }
    return previews
  }

  #showOutput(agentId: string, { view, from, to, follow }: Extract<FromPage, { type: 'output' }>): void {
    const { run, clock, t, post, onWarning } = this.#options
    if (this.#output === undefined || this.#output.agentId !== agentId || this.#output.page !== view) {
      this.#closeOutput()
      this.#output = new OpenOutput({ run, agentId, page: view, clock, t, post })
      this.#output.search(this.#matcher)
      this.#output.read().catch(onWarning)
    }
    this.#output.show({ from, to, follow })
  }

  async #find({ view, from, direction }: Extract<FromPage, { type: 'find' }>): Promise<void> {
    if (this.#output?.page !== view) return
    const found = await this.#output.find(from, direction)
    if (this.#output?.page === view) this.#options.post({ type: 'found', view, ...found })
  }

  #closeOutput(): void {
    this.#output?.close()
    this.#output = undefined
  }

  #startSearch(number: number, query: Query): void {
    this.#endSearch()
    if (query.text !== '') {
      const { run, clock, t, post, onWarning } = this.#options
      this.#search = new RunningSearch(run, number, clock, post)
      this.#matcher = this.#search.start(query, t, onWarning)
    }
    this.#output?.search(this.#matcher)
  }

  #endSearch(): void {
    this.#search?.stop()
    this.#search = undefined
    this.#matcher = undefined
  }
}
