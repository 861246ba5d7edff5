/** First pause after a receive that brought something, milliseconds. */
const firstPauseMs = 100
/** After a full receive there may be more behind it, so the pause stays short, milliseconds. */
const fullPauseMs = 50
/** SQS gives at most this many messages per receive. */
const fullReceive = 10

export interface Received {
  /** Messages in the answer, */
  readonly total: number
  /** and how many of them are new. */
  readonly fresh: number
}

/**
 * How long to wait before the next receive, milliseconds. Everyone on a broadcast queue sees a message until it is
 * deleted, and a visible message ends every long poll at once: so there is a pause after a receive that brought
 * something, twice as long from time to time, or an idle fleet would ask millions of times.
 */
export function createPollPace(random: () => number): (received: Received, intervalMs: number) => number {
  let pauseMs = firstPauseMs
  return ({ total, fresh }, intervalMs) => {
    if (fresh > 0) {
      pauseMs = firstPauseMs
      // Ten messages are as many as a receive shows: there may be more news.
      if (total >= fullReceive) return 0
    }
    const base = Math.min(total >= fullReceive ? fullPauseMs : pauseMs, intervalMs)
    pauseMs = Math.min(pauseMs * 2, intervalMs)
    return base * (0.75 + random() / 2)
  }
}
