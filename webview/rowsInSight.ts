import type { FromPage } from '../src/page/fromPage.ts'
import type { AgentRow } from '../src/page/toPage.ts'
import { Delay } from './delay.ts'

/** Visible rows are reported after this long without scrolling, milliseconds. */
const sightMs = 80
/** The most visible rows that are reported. */
const sightRows = 200

/** Tells the host which agents are visible: it reads last lines only for these. */
export class RowsInSight {
  readonly #ask: (request: FromPage) => void
  readonly #sight = new Delay(sightMs)
  #told = ''

  constructor(ask: (request: FromPage) => void) {
    this.#ask = ask
  }

  see(rows: readonly AgentRow[], first: number, last: number): void {
    this.#sight.start(() => {
      const agents = rows.slice(first, Math.min(last + 1, first + sightRows)).map(({ id }) => id)
      const key = agents.join(' ')
      if (key === this.#told) return
      this.#told = key
      this.#ask({ type: 'in-sight', agents })
    })
  }

  /** The host has forgotten it. */
  forget(): void {
    this.#told = ''
  }
}
