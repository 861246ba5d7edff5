import type { Query } from '../../page/fromPage.ts'
import type { HitLine, SearchProgress } from '../../page/searchMessages.ts'
import type { ReplyState } from '../../run/runState.ts'
import type { Translate } from '../../text/translate.ts'
import type { Matcher } from './matcher.ts'
import { createMatcher, InvalidQuery } from './matcher.ts'
import { OutputSearch } from './outputSearch.ts'
import type { Clock } from './pageClock.ts'
import type { ShownRun } from './shownRun.ts'

/** How often the progress of a search is sent to the page, milliseconds. */
const progressEveryMs = 100

/** The most lines with a match that are sent to the page: more than it has cards for. */
const maxLines = 500

/** A search of all outputs of a run, which continues as outputs grow. */
export class RunningSearch {
  readonly #run: ShownRun
  readonly #clock: Clock
  readonly #number: number
  readonly #post: (message: SearchProgress) => void
  readonly #abort = new AbortController()
  readonly #changed = new Set<string>()
  readonly #hits = new Map<string, number>()
  /** Lines of the outputs in {@link #hits}, and how many were sent in all. */
  readonly #lines = new Map<string, HitLine>()
  #linesTold = 0
  #search: OutputSearch | undefined
  #searched = 0
  #running = false
  #toldAt = Number.NEGATIVE_INFINITY

  /** `number` is the page's number of the search. */
  constructor(run: ShownRun, number: number, clock: Clock, post: (message: SearchProgress) => void) {
    this.#run = run
    this.#number = number
    this.#clock = clock
    this.#post = post
  }

  /**
   * Searches all outputs. Returns the matcher of the query, undefined when the query is invalid.
   * @throws Error when an output cannot be read
   */
  start(query: Query, t: Translate, onWarning: (error: Error) => void): Matcher | undefined {
    let matcher: Matcher
    try {
      matcher = createMatcher(query, t)
    } catch (error) {
      if (!(error instanceof InvalidQuery)) throw error
      this.#tell('invalid', error.message)
      return undefined
    }
    this.#search = new OutputSearch(this.#run, matcher)
    this.outputGrew(this.#run.state.replies.keys(), onWarning)
    return matcher
  }

  /** These agents have more output. */
  outputGrew(agentIds: Iterable<string>, onWarning: (error: Error) => void): void {
    if (this.#search === undefined) return
    for (const agentId of agentIds) this.#changed.add(agentId)
    this.#goOn(this.#search).catch(onWarning)
  }

  stop(): void {
    this.#abort.abort()
  }

  async #goOn(search: OutputSearch): Promise<void> {
    if (this.#running) return
    this.#running = true
    try {
      while (this.#changed.size > 0 && !this.#abort.signal.aborted) {
        const replies = this.#take()
        this.#searched = this.#withOutput() - replies.length
        for await (const { agentIds, matches, line } of search.search(replies, this.#abort.signal)) {
          for (const agentId of agentIds) this.#hits.set(agentId, matches)
          const [first] = agentIds
          if (first !== undefined && line !== undefined) this.#lines.set(first, line)
          this.#searched += agentIds.length
          if (this.#clock.now() - this.#toldAt >= progressEveryMs) this.#tell('searching')
        }
      }
      if (!this.#abort.signal.aborted) this.#tell('done')
    } finally {
      this.#running = false
    }
  }

  #take(): ReplyState[] {
    const replies: ReplyState[] = []
    for (const agentId of this.#changed) {
      const reply = this.#run.state.replies.get(agentId)
      if (reply !== undefined && reply.stdoutBytes + reply.stderrBytes > 0) replies.push(reply)
    }
    this.#changed.clear()
    return replies
  }

  #hit(agentId: string, matches: number): SearchProgress['hits'][number] {
    const line = this.#lines.get(agentId)
    if (line === undefined || this.#linesTold === maxLines) return [agentId, matches]
    this.#linesTold += 1
    return [agentId, matches, line]
  }

  #withOutput(): number {
    let count = 0
    for (const { stdoutBytes, stderrBytes } of this.#run.state.replies.values())
      if (stdoutBytes + stderrBytes > 0) count += 1
    return count
  }

  #tell(state: SearchProgress['state'], problem?: string): void {
    if (this.#abort.signal.aborted) return
    this.#toldAt = this.#clock.now()
    const hits = [...this.#hits].map(([agentId, matches]) => this.#hit(agentId, matches))
    this.#hits.clear()
    this.#lines.clear()
    this.#post({
      type: 'search',
      search: this.#number,
      state,
      searched: Math.min(this.#searched, this.#withOutput()),
      of: this.#withOutput(),
      hits,
      ...(problem === undefined ? {} : { problem }),
    })
  }
}
