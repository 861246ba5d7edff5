import type { AgentState } from '../protocol/verdict.ts'
import type { ActionHeader, RunHeader } from './runHeader.ts'
import type { Found, SearchProgress } from './searchMessages.ts'
import type { TableWindow } from './tableWindow.ts'

/**
 * What the extension host tells the results page. The page is a projection: `ready` is answered by a snapshot, then
 * come deltas whose `seq` goes up by one. A page that misses one sends `ready` again. Rows are upserts: the snapshot of
 * a large run brings the first of them, the following deltas the rest.
 */
export type ToPage =
  | Snapshot
  | Delta
  | OutputWindow
  | TableWindow
  | SearchProgress
  | Found
  | Picked
  | NotKept
  | AttemptNews
  | Sighting
  | ShowOnly

export interface Snapshot {
  readonly type: 'snapshot'
  readonly seq: number
  readonly run: RunHeader
  /** Agents of the run; more than there are `rows` when the rest follows in deltas. */
  readonly total: number
  readonly counts: Readonly<Record<AgentState, number>>
  readonly rows: readonly AgentRow[]
  readonly groups: GroupsTable
}

export interface Delta {
  readonly type: 'delta'
  readonly seq: number
  readonly total: number
  readonly counts: Readonly<Record<AgentState, number>>
  readonly rows: readonly AgentRow[]
  /** The whole table; absent when it has not changed. */
  readonly groups?: GroupsTable
  /** Absent when nothing in it has changed. */
  readonly run?: RunHeader
  /** Last lines of the visible rows: `[agentId, line]`. */
  readonly previews?: readonly (readonly [agentId: string, line: string])[]
}

/** What a person has given after `pick`: `fact:az`, `capture:up (\d+) days`. */
export interface Picked {
  readonly type: 'picked'
  readonly use: 'group' | 'column'
  readonly text: string
}

/** Answer to `look-up`: what the facts say of an agent. */
export interface Sighting {
  readonly type: 'sighting'
  readonly agent: string
  /** When its facts were last seen; absent when they were not. */
  readonly seenAt?: number
  /** `late`: it has missed to publish its facts. `left`: it said that it stops. */
  readonly state: 'live' | 'late' | 'left' | 'unknown'
  /** Runs that it executes, as its facts say, without this one. */
  readonly otherRuns: number
}

/** The list of agents is narrowed to these until a person shows all again. */
export interface ShowOnly {
  readonly type: 'show-only'
  readonly agents: readonly string[]
}

/** The run cannot be shown: it is no longer kept, or could not be read. `reason` is a sentence. */
export interface NotKept {
  readonly type: 'not-kept'
  readonly reason: string
}

/** A run that is not sent yet: what is being done, or why it was not sent. */
export interface AttemptNews {
  readonly type: 'attempt'
  readonly environment: RunHeader['environment']
  readonly targets: string
  readonly action: ActionHeader
  readonly state: /** `status` says what is being done. */
    | { readonly kind: 'under-way'; readonly status: string; readonly stopping: boolean }
    /** `actions` are labels of what the user can do about it. */
    | { readonly kind: 'failed'; readonly reason: string; readonly actions: readonly string[] }
}

/** One agent. Absent fields are unknown or do not apply. */
export interface AgentRow {
  readonly id: string
  readonly host: string
  readonly state: AgentState
  readonly exitCode?: number
  readonly signal?: string
  /** From sending to the first message from it. */
  readonly latencyMs?: number
  readonly durationMs?: number
  /** When the command went out to it. */
  readonly sentAt?: number
  /** When it reported that the command has started. */
  readonly startedAt?: number
  /** From sending to its result. */
  readonly totalMs?: number
  /** When it last sent anything in this run. */
  readonly heardAt?: number
  /** How often it was asked again, and when last. */
  readonly asked?: number
  readonly askedAt?: number
  /** When it is given up if it stays silent. */
  readonly giveUpAt?: number
  /** Its step of the rollout, from 0. Absent for agents of a window. */
  readonly step?: number
  /** Its output was cut: it is larger than one agent's may be, or than that of the whole run. */
  readonly cut?: 'agent' | 'run'
  /** Bytes of stdout and stderr that are here. */
  readonly bytes: number
  readonly droppedBytes?: number
  readonly output: 'none' | 'partial' | 'complete' | 'incomplete'
  /** The answer came after the verdict "no reply" or "lost", or after the run was over. */
  readonly late?: true
  /** It was not expected and joined the run. */
  readonly joined?: true
  /** Replies in its name were rejected, or its sender speaks for another agent, too. */
  readonly conflicting?: true
  /** Of its replies; absent before the first. */
  readonly identity?: 'proven' | 'unproven'
  /** Another agent of the run has the same host name, or one that looks alike. */
  readonly nameProblem?: 'doubled' | 'look-alike'
  /** Why it refused or could not start, or that it waits for a free slot. */
  readonly note?: string
  /** `GroupRow.id`. */
  readonly group?: number
}

export interface GroupsTable {
  /** All groups; `rows` holds the first of them, outliers first. */
  readonly total: number
  readonly rows: readonly GroupRow[]
  /** What replies of a group have in common, as `readGroupBy` reads it. */
  readonly by: string
  /** Whether a person has chosen that; otherwise it is the level that says most. */
  readonly isChosen: boolean
  /** Most outputs are tables, JSON or keys with values, so that there is a table of all. */
  readonly hasTable: boolean
  /** What is open until a person folds something. */
  readonly leads: 'groups' | 'table'
}

/** Agents whose replies have in common what the table is grouped by. */
export interface GroupRow {
  /** Stable for the lifetime of the page. */
  readonly id: number
  readonly state: AgentState
  readonly exitCode?: number
  readonly signal?: string
  readonly count: number
  /** Folded: `web[01-20,25]`, cut when long. */
  readonly hosts: string
  readonly majority: boolean
  /** Bytes of output of each. */
  readonly bytes: number
  /** How many different replies it has: 1 when all are identical. */
  readonly originals: number
  /** What they have in common: the fact, the captured value, the last line. Absent where they have none. */
  readonly label?: string
  /**
   * Lines of the output, without control sequences; at most 3, or 12 where there are few groups. Those that the majority
   * does not have, if there are such. Of failures the last, otherwise the first.
   */
  readonly preview: readonly PreviewLine[]
  /** Whether the output has more than the preview. */
  readonly more: boolean
  readonly note?: string
}

/** A line of an output; in parts where the replies of a group differ in values; `missing` where only the majority has it. */
export type PreviewLine = string | readonly PreviewPart[] | { readonly missing: string }

/** Text that all replies have, or in words how their values spread: "150–162", "3 different". */
export type PreviewPart = string | { readonly spread: string }

/** Whose output: an agent's own, or that of a group (all its members wrote the same). */
export type OutputOf = { readonly agent: string } | { readonly group: number }

/** Lines of the output that the page has open. */
export interface OutputWindow {
  readonly type: 'output'
  /** The page's number for what it has open: answers to an earlier one are stale. */
  readonly view: number
  /** Lines in all, as they can be shown. */
  readonly total: number
  /** Index of the first of `lines`. */
  readonly from: number
  readonly lines: readonly OutputLine[]
  /** Characters of the longest line so far, as shown. */
  readonly width: number
  /** Whether more may come. */
  readonly open: boolean
  readonly hasStderr: boolean
  /** What is missing, in words; shown above the output. */
  readonly notice?: string
  /** Matches of the search in it. */
  readonly matches?: number
}

export interface OutputLine {
  /** Line number from 1; 0 for an inserted line that says what was omitted. */
  readonly n: number
  /** 1 is stdout, 2 is stderr. */
  readonly stream: 1 | 2
  /** Text whose only control sequences are SGR. */
  readonly text: string
  /** Characters of the line that are left out at its end. */
  readonly cut?: number
  /** Matches of the search: `[start, length]` in characters of the text without SGR. */
  readonly marks?: readonly (readonly [start: number, length: number])[]
}
