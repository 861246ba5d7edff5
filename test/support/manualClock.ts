import type { Clock } from '../../src/console/results/pageClock.ts'

/** Time that passes when the test says so. */
export class ManualClock implements Clock {
  #now = 1_000_000
  #waiting: { act: () => void; at: number }[] = []

  now = () => this.#now

  later(act: () => void, ms: number): () => void {
    const entry = { act, at: this.#now + ms }
    this.#waiting.push(entry)
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry)
    }
  }

  advance(ms: number): void {
    this.#now += ms
    const due = this.#waiting.filter(({ at }) => at <= this.#now)
    this.#waiting = this.#waiting.filter(({ at }) => at > this.#now)
    for (const { act } of due) act()
  }
}
