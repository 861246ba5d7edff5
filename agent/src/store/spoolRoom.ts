/** Disk space that the replies which are not delivered may take together. */
export class SpoolRoom {
  readonly #limitBytes: () => number
  #taken = 0

  /** @param limitBytes at the moment */
  constructor(limitBytes: () => number) {
    this.#limitBytes = limitBytes
  }

  hasFor(bytes: number): boolean {
    return this.#taken + bytes <= this.#limitBytes()
  }

  /** @param bytes negative: gives back */
  take(bytes: number): void {
    this.#taken += bytes
  }
}
