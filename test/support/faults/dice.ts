/** Random numbers that a seed decides. */
export interface Dice {
  /** True with this probability, 0 to 1. */
  chance(probability: number): boolean
  /** A whole number between the two, both included. */
  between([least, most]: Range): number
  /** The same items in another order. */
  shuffled<T>(items: readonly T[]): T[]
}

/** `[least, most]`. */
export type Range = readonly [least: number, most: number]

/**
 * Dice by name: the same seed and name give the same throws, whatever happens elsewhere meanwhile. So the fate of the
 * n-th receive of one caller does not depend on who else was faster.
 */
export function createDice(seed: number): (name: string) => Dice {
  return (name) => {
    let state = hash(`${seed}/${name}`)
    const random = () => {
      // splitmix32
      state = (state + 0x9e3779b9) | 0
      let mixed = state ^ (state >>> 16)
      mixed = Math.imul(mixed, 0x21f0aaad)
      mixed ^= mixed >>> 15
      mixed = Math.imul(mixed, 0x735a2d97)
      return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
    }
    const between = ([least, most]: Range) => least + Math.floor(random() * (most - least + 1))
    return {
      chance: (probability) => random() < probability,
      between,
      shuffled(items) {
        const shuffled = [...items]
        for (let last = shuffled.length - 1; last > 0; last -= 1) {
          const other = between([0, last])
          ;[shuffled[last], shuffled[other]] = [shuffled[other] as never, shuffled[last] as never]
        }
        return shuffled
      },
    }
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193)
  return value
}
