import { inNaturalOrder } from '../../hosts/naturalOrder.ts'
import type { RunChange } from '../../master/engine/run.ts'
import type { RunHeader } from '../../page/runHeader.ts'
import type { AgentRow, Delta, Snapshot } from '../../page/toPage.ts'
import { identicalReplies } from '../../report/grouping.ts'
import { RunNames } from '../../report/runIdentities.ts'
import { shownCounts } from '../../run/unexpected.ts'
import type { Translate } from '../../text/translate.ts'
import type { GroupNumbers } from './groupsTable.ts'
import { runHeader } from './headerProjection.ts'
import { LastLines } from './lastLines.ts'
import { Alarm, type Clock } from './pageClock.ts'
import { agentRow } from './projection.ts'
import { StepNumbers } from './rolloutRail.ts'
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

export interface PageFeedOptions {
  readonly run: ShownRun
  readonly groups: GroupNumbers
  readonly environment: ShownEnvironment
  /** Whether the run can be controlled: false for a finished run. */
  readonly live: boolean
  /** Whether another window has it in progress. */
  readonly elsewhere?: boolean | undefined
  readonly clock: Clock
  readonly t: Translate
  post(message: Snapshot | Delta): void
  /** An output could not be read; the feed continues with the rest. */
  onWarning(error: Error): void
}

/** Keeps a page up to date with a run: a snapshot, then deltas, each with many changes, numbered without a gap. */
export class PageFeed {
  readonly #options: PageFeedOptions
  readonly #lastLines: LastLines
  readonly #names = new RunNames()
  readonly #steps = new StepNumbers()
  readonly #flushing: Alarm
  /** Agents whose rows the page does not have yet. */
  readonly #dirty = new Set<string>()
  /** Number of the last message; undefined while the page is not told anything. */
  #seq: number | undefined
  #inSight: readonly string[] = []
  #previewsStale = false
  #groupsStale = true
  #tellsRun = false
  #tellsGroups = false
  #flushedAt = Number.NEGATIVE_INFINITY
  #groupedAt = Number.NEGATIVE_INFINITY
  #groupingMs = 0
  #previewedAt = Number.NEGATIVE_INFINITY

  constructor(options: PageFeedOptions) {
    this.#options = options
    this.#lastLines = new LastLines(options.run)
    this.#flushing = new Alarm(options.clock, () => this.#flush())
  }

  /** Whether the page is told what changes. */
  get isOn(): boolean {
    return this.#seq !== undefined
  }

  /** Sends a snapshot now, and deltas from now on. */
  start(): void {
    this.stop()
    const { run, groups, post } = this.#options
    const { state } = run
    this.#regroup()
    this.#dirty.clear()
    this.#lastLines.forget()
    for (const { agentId } of inNaturalOrder(state.replies.values(), ({ hostname }) => hostname))
      this.#dirty.add(agentId)
    this.#seq = 0
    this.#tellsRun = this.#tellsGroups = false
    post({
      type: 'snapshot',
      seq: 0,
      run: this.#header(),
      ...this.#totals(),
      rows: this.#takeRows(),
      groups: groups.table(state),
    })
    this.#readGroups()
    if (this.#dirty.size > 0) this.#flushing.setIn(firstDeltaMs)
  }

  /** Sends nothing until {@link start}. */
  stop(): void {
    this.#seq = undefined
    this.#flushing.cancel()
    this.#inSight = []
  }

  /** Tells the page the number of the last message at least, by which it notices that it has missed some. */
  catchUp(): void {
    this.#tell({ rows: [] })
  }

  /** The run has changed. */
  changed({ agents, output, run }: RunChange): void {
    if (this.#seq === undefined) return
    this.#groupsStale = true
    for (const agentId of agents) this.#dirty.add(agentId)
    for (const agentId of output) this.#dirty.add(agentId)
    this.#tellsRun ||= run
    this.#previewsStale ||= output.size > 0 && this.#inSight.length > 0
    this.#flushSoon()
  }

  /** The page shows these agents: it gets their last lines. */
  show(agentIds: readonly string[]): void {
    this.#inSight = agentIds
    this.#readPreviews()
  }

  #flushSoon(): void {
    this.#flushing.setIn(Math.max(firstDeltaMs, this.#flushedAt + deltaEveryMs - this.#options.clock.now()))
  }

  #flush(): void {
    const { run, groups, clock } = this.#options
    const { state } = run
    const now = clock.now()
    this.#flushedAt = now
    const isDue = now - this.#groupedAt >= Math.max(groupEveryMs, 4 * this.#groupingMs)
    if (this.#groupsStale && !this.#tellsGroups && (isDue || state.phase === 'over')) {
      this.#regroup()
      // Grouping and telling are two tasks: the editor can handle keys in between.
      this.#flushing.setIn(0)
      return
    }
    const rows = this.#takeRows()
    if (rows.length > 0 || this.#tellsRun || this.#tellsGroups) {
      const tellsGroups = this.#tellsGroups
      this.#tell({
        rows,
        ...(tellsGroups ? { groups: groups.table(state) } : {}),
        ...(this.#tellsRun ? { run: this.#header() } : {}),
      })
      this.#tellsRun = this.#tellsGroups = false
      if (tellsGroups) this.#readGroups()
    }
    const previewInMs = this.#previewedAt + previewEveryMs - now
    if (this.#previewsStale && previewInMs <= 0) this.#readPreviews()
    if (this.#dirty.size > 0) this.#flushing.setIn(firstDeltaMs)
    else if (this.#groupsStale)
      this.#flushing.setIn(Math.max(deltaEveryMs, this.#groupedAt + groupEveryMs - now))
    else if (this.#previewsStale) this.#flushing.setIn(Math.max(deltaEveryMs, previewInMs))
  }

  #tell(news: Pick<Delta, 'rows' | 'groups' | 'run' | 'previews'>): void {
    if (this.#seq === undefined) return
    this.#seq += 1
    this.#options.post({ type: 'delta', seq: this.#seq, ...this.#totals(), ...news })
  }

  #header(): RunHeader {
    const { run, environment, live, elsewhere, clock, t } = this.#options
    const { trouble, nextStepAt } = run
    return runHeader(run.state, environment, { live, elsewhere, now: clock.now(), trouble, nextStepAt, t })
  }

  #totals(): Pick<Delta, 'total' | 'counts'> {
    const { state } = this.#options.run
    return { total: state.replies.size, counts: shownCounts(state) }
  }

  #regroup(): void {
    const { run, groups, clock } = this.#options
    const startedAt = clock.now()
    for (const agentId of groups.update(identicalReplies(run.state))) this.#dirty.add(agentId)
    for (const agentId of this.#names.update(run.state)) this.#dirty.add(agentId)
    this.#groupedAt = clock.now()
    this.#groupingMs = this.#groupedAt - startedAt
    this.#groupsStale = false
    this.#tellsGroups = true
  }

  #takeRows(): AgentRow[] {
    const { run, groups, t } = this.#options
    const rows: AgentRow[] = []
    for (const agentId of this.#dirty) {
      if (rows.length === rowsPerMessage) break
      this.#dirty.delete(agentId)
      const reply = run.state.replies.get(agentId)
      if (reply === undefined) continue
      const more = { step: this.#steps.of(run.state, agentId), giveUpAt: run.giveUpAt?.(agentId) }
      rows.push(agentRow(reply, groups.of(agentId), this.#names.of(agentId), t, more))
    }
    return rows
  }

  /** Groups by another level, and tells the page. */
  regroup(): void {
    if (this.#seq === undefined) return
    this.#groupsStale = true
    this.#groupedAt = Number.NEGATIVE_INFINITY
    this.#flushSoon()
  }

  /** Outputs are read after the page was told of the groups: what they say may join groups, and gives previews. */
  #readGroups(): void {
    this.#options.groups
      .readAnswers()
      .then((found) => {
        if (!found || this.#seq === undefined) return
        this.#groupsStale = true
        this.#flushSoon()
      })
      .catch(this.#options.onWarning)
    this.#options.groups
      .readPreviews()
      .then((found) => {
        if (!found || this.#seq === undefined) return
        this.#tellsGroups = true
        this.#flushSoon()
      })
      .catch(this.#options.onWarning)
  }

  #readPreviews(): void {
    this.#previewedAt = this.#options.clock.now()
    this.#previewsStale = false
    this.#lastLines
      .news(this.#inSight)
      .then((previews) => {
        if (previews.length > 0) this.#tell({ rows: [], previews })
      })
      .catch(this.#options.onWarning)
  }
}
