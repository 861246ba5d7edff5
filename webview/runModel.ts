import { naturalKey } from '../src/hosts/naturalOrder.ts'
import type { RunHeader } from '../src/page/runHeader.ts'
import type { HitLine } from '../src/page/searchMessages.ts'
import type { AgentRow, Delta, GroupRow, GroupsTable, Snapshot } from '../src/page/toPage.ts'
import type { AgentState } from '../src/protocol/verdict.ts'
import { type Sort, sortRows } from './rowOrder.ts'
import type { Selected } from './selected.ts'

/** The filters of the lists. */
export interface Narrowing {
  /** Empty: all of them. */
  readonly states: ReadonlySet<AgentState>
  /** Part of the host name or the ID; empty: all. */
  readonly hostText: string
  /** Only agents whose output has a match of the search. */
  readonly onlyHits: boolean
  /** Only these agents; all of them when undefined. */
  readonly only: ReadonlySet<string> | undefined
}

/** The run as the page knows it, and which part of it is shown. Plain data: no DOM. */
export class RunModel {
  run: RunHeader | undefined
  total = 0
  counts: Readonly<Partial<Record<AgentState, number>>> = {}
  groups: GroupsTable = {
    total: 0,
    rows: [],
    by: 'identical',
    isChosen: false,
    hasTable: false,
    leads: 'groups',
  }
  /** Matches of the search by agent; agents without matches are not included. */
  readonly hits = new Map<string, number>()
  readonly #hitLines = new Map<string, HitLine>()
  readonly #rows = new Map<string, AgentRow>()
  readonly #keys = new Map<string, string>()
  readonly #previews = new Map<string, string>()
  /** Agent IDs by host name. */
  #order: string[] = []
  #seq: number | undefined
  #timed = { first: 0, ran: 0 }
  #clockOffsetMs = 0
  #narrowing: Narrowing = { states: new Set(), hostText: '', onlyHits: false, only: undefined }
  /** Trouble first. */
  #sort: Sort = { by: 'state', down: false }
  #shown: readonly AgentRow[] | undefined
  #groupHits: ReadonlyMap<number, number> | undefined
  #groupLines: ReadonlyMap<number, HitLine> | undefined

  /** Processes a message. Returns false if an earlier one is missing: then request everything again. */
  take(message: Snapshot | Delta): boolean {
    if (message.type === 'snapshot') this.#clear()
    else if (this.#seq === undefined || message.seq !== this.#seq + 1) return false
    this.#seq = message.seq
    this.total = message.total
    this.counts = message.counts
    if (message.run !== undefined) {
      this.run = message.run
      this.#clockOffsetMs = message.run.now - Date.now()
    }
    if (message.groups !== undefined) this.groups = message.groups
    for (const row of message.rows) this.#put(row)
    if (message.type === 'delta')
      for (const [agentId, line] of message.previews ?? []) this.#previews.set(agentId, line)
    this.#shown = this.#groupHits = this.#groupLines = undefined
    return true
  }

  /** The host's clock, milliseconds since the epoch: all times of a run are its. */
  now(): number {
    return Date.now() + this.#clockOffsetMs
  }

  row(agentId: string): AgentRow | undefined {
    return this.#rows.get(agentId)
  }

  rows(): Iterable<AgentRow> {
    return this.#rows.values()
  }

  preview(agentId: string): string {
    return this.#previews.get(agentId) ?? ''
  }

  group(id: number): GroupRow | undefined {
    return this.groups.rows.find((group) => group.id === id)
  }

  /** The reply that is all that there is to look at: of the only agent, or of all when they have agreed in the end. */
  only(): Selected | undefined {
    const [agent] = this.#rows.keys()
    if (this.total === 1) return agent === undefined ? undefined : { agent }
    const { total, rows, leads } = this.groups
    const [group] = rows
    const isOnly = this.run?.phase === 'over' && total === 1 && leads === 'groups'
    return isOnly && group?.originals === 1 && group.bytes > 0 ? { group: group.id } : undefined
  }

  get narrowing(): Narrowing {
    return this.#narrowing
  }

  narrow(narrowing: Partial<Narrowing>): void {
    this.#narrowing = { ...this.#narrowing, ...narrowing }
    this.#shown = undefined
  }

  get sort(): Sort {
    return this.#sort
  }

  sortBy(sort: Sort): void {
    this.#sort = sort
    this.#shown = undefined
  }

  hit(agentId: string, matches: number, line?: HitLine): void {
    if (matches > 0) this.hits.set(agentId, matches)
    else this.hits.delete(agentId)
    if (line !== undefined) this.#hitLines.set(agentId, line)
    this.#shown = this.#groupHits = this.#groupLines = undefined
  }

  clearHits(): void {
    this.hits.clear()
    this.#hitLines.clear()
    this.#shown = this.#groupHits = this.#groupLines = undefined
  }

  /** The shown agents, in their order. */
  shown(): readonly AgentRow[] {
    this.#shown ??= this.#sorted(this.#order.map((id) => this.#rows.get(id) as AgentRow).filter(this.#fits))
    return this.#shown
  }

  /** The shown groups: those with the filtered states and, during a search, with a match. */
  shownGroups(): readonly GroupRow[] {
    const { states, onlyHits } = this.#narrowing
    return this.groups.rows.filter(
      ({ id, state }) => (states.size === 0 || states.has(state)) && (!onlyHits || this.groupHits(id) > 0),
    )
  }

  /** Matches in the output of each member of the group. */
  groupHits(id: number): number {
    this.#groupHits ??= new Map(
      [...this.hits].flatMap(([agentId, matches]) => {
        const group = this.#rows.get(agentId)?.group
        return group === undefined ? [] : [[group, matches] as const]
      }),
    )
    return this.#groupHits.get(id) ?? 0
  }

  /** A line with a match in the output of the group. */
  groupHitLine(id: number): HitLine | undefined {
    if (this.groupHits(id) === 0) return undefined
    this.#groupLines ??= new Map(
      [...this.#hitLines].flatMap(([agentId, line]) => {
        const group = this.hits.has(agentId) ? this.#rows.get(agentId)?.group : undefined
        return group === undefined ? [] : [[group, line] as const]
      }),
    )
    return this.#groupLines.get(id)
  }

  /** Changes when there are more times of agents than before. */
  get timed(): string {
    return `${this.#timed.first} ${this.#timed.ran}`
  }

  /** Agents that have a verdict. */
  get answered(): number {
    return this.total - (this.counts.expected ?? 0) - (this.counts.running ?? 0)
  }

  #put(row: AgentRow): void {
    const before = this.#rows.get(row.id)
    this.#rows.set(row.id, row)
    this.#timed.first += Number(row.latencyMs !== undefined) - Number(before?.latencyMs !== undefined)
    this.#timed.ran += Number(row.durationMs !== undefined) - Number(before?.durationMs !== undefined)
    if (before?.host === row.host) return
    const key = `${naturalKey(row.host)} ${row.id}`
    if (before !== undefined) this.#order.splice(this.#order.indexOf(row.id), 1)
    this.#keys.set(row.id, key)
    // The host sends them in order, so nearly all of them are appended.
    let at = this.#order.length
    if (at > 0 && this.#keyAt(at - 1) > key) {
      let low = 0
      while (low < at) {
        const middle = (low + at) >> 1
        if (this.#keyAt(middle) > key) at = middle
        else low = middle + 1
      }
    }
    this.#order.splice(at, 0, row.id)
  }

  #keyAt(index: number): string {
    return this.#keys.get(this.#order[index] ?? '') ?? ''
  }

  readonly #fits = (row: AgentRow): boolean => {
    const { states, hostText, onlyHits, only } = this.#narrowing
    if (only !== undefined && !only.has(row.id)) return false
    if (states.size > 0 && !states.has(row.state)) return false
    if (onlyHits && !this.hits.has(row.id)) return false
    if (hostText === '') return true
    const text = hostText.toLowerCase()
    return row.host.toLowerCase().includes(text) || row.id.toLowerCase().includes(text)
  }

  /** What executed without being named comes first, whatever the order. */
  #sorted(rows: AgentRow[]): AgentRow[] {
    const sorted = sortRows(rows, this.#sort)
    const unexpected = sorted.filter(isUnexpected)
    return unexpected.length === 0 ? sorted : [...unexpected, ...sorted.filter((row) => !isUnexpected(row))]
  }

  #clear(): void {
    this.#rows.clear()
    this.#keys.clear()
    this.#previews.clear()
    this.#timed = { first: 0, ran: 0 }
    this.#order = []
  }
}

const isUnexpected = ({ state }: AgentRow) => state === 'unexpected'
