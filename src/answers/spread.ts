import { byOrderKey, type OrderKey, orderKey } from './valueOrder.ts'

/** The values at one place of a pattern, over all replies that have it. The order in which they come does not matter. */
export interface Spread {
  /** Different values; `maxDifferent` stands for as many or more. */
  readonly different: number
  /** The lowest and the highest as printed, in the order of `byValue`. Equal when there is only one value. */
  readonly lowest: string
  readonly highest: string
  /** Whether "lowest to highest" says something: numbers, times, versions; not ids and addresses. */
  readonly isRange: boolean
}

/** More different values than this are not counted. */
export const maxDifferent = 1000

/** Collects values for a `Spread`. */
export class SpreadCollector {
  readonly #values = new Set<string>()
  #lowest: OrderKey | undefined
  #highest: OrderKey | undefined
  #isRange = true

  add(value: string): void {
    if (this.#values.has(value)) return
    if (this.#values.size < maxDifferent) this.#values.add(value)
    const key = orderKey(value)
    if (this.#lowest === undefined || byOrderKey(key, this.#lowest) < 0) this.#lowest = key
    if (this.#highest === undefined || byOrderKey(key, this.#highest) > 0) this.#highest = key
    this.#isRange &&= key.isNumber || version.test(value)
  }

  /** Takes in what another has collected. */
  merge(other: SpreadCollector): void {
    for (const value of other.#values) this.add(value)
    for (const key of [other.#lowest, other.#highest]) if (key !== undefined) this.add(key.text)
    this.#isRange &&= other.#isRange
  }

  /** Undefined before the first value. */
  get spread(): Spread | undefined {
    if (this.#lowest === undefined || this.#highest === undefined) return undefined
    return {
      different: this.#values.size,
      lowest: this.#lowest.text,
      highest: this.#highest.text,
      isRange: this.#isRange,
    }
  }
}

const version = /^v?\d+(?:[.:]\d+)+/i
