/** How far the search over all outputs is. */
export interface SearchProgress {
  readonly type: 'search'
  /** The page's number of the search. */
  readonly search: number
  readonly state: 'searching' | 'done' | 'invalid'
  /** Why the expression is invalid. */
  readonly problem?: string
  /** Replies searched, and replies that have output. */
  readonly searched: number
  readonly of: number
  /** Matches since the last message: `[agentId, matches in its output]`, of some outputs with the first line that has one. */
  readonly hits: readonly (readonly [agentId: string, matches: number, line?: HitLine])[]
}

/** A line with a match, cut around it where it is long. */
export interface HitLine {
  readonly text: string
  readonly mark: readonly [start: number, length: number]
}

/** Answer to `find`. */
export interface Found {
  readonly type: 'found'
  readonly view: number
  /** Index of the line; absent when there is none further in that direction. */
  readonly line?: number
  /** Which match of this output it is, from 1. */
  readonly ordinal?: number
}
