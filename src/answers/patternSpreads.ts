import { valueSeparator } from './replyPattern.ts'
import { SpreadCollector } from './spread.ts'

/** Most cards show the first lines: their places are looked at from the beginning. */
const firstPlaces = 20

/**
 * The values of all answers with one pattern. They are only collected at places that somebody looks at: a card shows a few
 * lines, and to look at each value of ten thousand replies takes longer than to find their patterns.
 */
export class PatternSpreads {
  readonly #answers: string[] = []
  readonly #places = new Map<number, { readonly collector: SpreadCollector; upTo: number }>()
  #count = 0

  /** Takes in the values of another answer. */
  add(values: string): void {
    if (this.#answers.length === 0) {
      this.#count = partsOf(values).length
      for (let place = 0; place < Math.min(this.#count, firstPlaces); place += 1)
        this.#places.set(place, { collector: new SpreadCollector(), upTo: 0 })
    }
    this.#answers.push(values)
    // Where somebody looks already, one more now is better than thousands when they look again.
    const last = this.#answers.length - 1
    const current = [...this.#places].filter(([, { upTo }]) => upTo === last)
    if (current.length === 0) return
    const parts = partsOf(values)
    for (const [place, known] of current) {
      known.collector.add(parts[place] as string)
      known.upTo = last + 1
    }
  }

  /** Places that the pattern has. */
  get count(): number {
    return this.#count
  }

  /** What is collected at these places, which are below `count`. */
  at(places: readonly number[]): ReadonlyMap<number, SpreadCollector> {
    const wanted = places.map((place) => {
      const known = this.#places.get(place) ?? { collector: new SpreadCollector(), upTo: 0 }
      this.#places.set(place, known)
      return { place, known }
    })
    const from = wanted.reduce((least, { known }) => Math.min(least, known.upTo), this.#answers.length)
    for (let index = from; index < this.#answers.length; index += 1) {
      const parts = partsOf(this.#answers[index] as string)
      for (const { place, known } of wanted)
        if (known.upTo <= index) known.collector.add(parts[place] as string)
    }
    for (const { known } of wanted) known.upTo = this.#answers.length
    return new Map(wanted.map(({ place, known }) => [place, known.collector]))
  }
}

function partsOf(values: string): readonly string[] {
  return values === '' ? [] : values.split(valueSeparator)
}
