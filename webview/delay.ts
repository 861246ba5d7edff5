/** Calls the last given function once no new one has been given for a while. */
export class Delay {
  readonly #ms: number
  #timer: number | undefined

  constructor(ms: number) {
    this.#ms = ms
  }

  start(act: () => void): void {
    this.cancel()
    this.#timer = window.setTimeout(act, this.#ms)
  }

  cancel(): void {
    window.clearTimeout(this.#timer)
  }
}
