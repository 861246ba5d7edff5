import type { Facts } from '../../../src/protocol/facts.ts'
import type { FactText } from './factText.ts'

/** What a source gave at one moment. */
export interface SourceReading {
  /** Undefined: there is nothing to read yet. */
  readonly facts: Facts | undefined
  /** Sentences about what is missing in the facts because something failed. */
  readonly problems: readonly string[]
  /** Sentences about what is legible, and most likely a mistake. */
  readonly warnings: readonly string[]
}

/** One place that facts come from. */
export interface FactSource {
  /** For people, as in `file /etc/facts.yaml`; unique. */
  readonly name: string
  /** Whatever it is doing, nobody waits for it for longer than this, milliseconds. */
  readonly withinMs: number
  /**
   * Reads what may have changed.
   * @param fresh read also what would otherwise be kept for a while
   * @throws Error whose message says in words what is wrong
   */
  read(fresh: boolean): Promise<SourceReading>
}

export function readingOf({ facts, warnings }: FactText, problems: readonly string[] = []): SourceReading {
  return { facts, problems, warnings }
}

/** A failed reading of a source that is read rarely is tried again after this, milliseconds. */
const retryMs = 60_000

/**
 * The same source, asked once in `everyMs` only: in between, it says what it said.
 * @param steady a clock that nobody sets, milliseconds
 */
export function readEvery(everyMs: number, source: FactSource, steady: () => number): FactSource {
  let known: { readonly at: number; readonly outcome: Promise<SourceReading>; isGood: boolean } | undefined
  return {
    ...source,
    read(fresh) {
      const isDue =
        known === undefined || steady() - known.at >= (known.isGood ? everyMs : Math.min(everyMs, retryMs))
      if (known === undefined || isDue || fresh) {
        const asked = { at: steady(), outcome: source.read(fresh), isGood: true }
        asked.outcome.catch(() => {
          asked.isGood = false
        })
        known = asked
      }
      return known.outcome
    },
  }
}
