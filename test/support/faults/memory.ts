/** What was last learned of each key, and of no more keys than `most`. */
export class Memory<V> {
  readonly #values = new Map<string, V>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  learn(key: string, value: V): void {
    this.#values.set(key, value)
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#most) return
      this.#values.delete(oldest)
    }
  }

  get(key: string): V | undefined {
    return this.#values.get(key)
  }
}
