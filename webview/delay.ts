/** Does the last thing that it was given, once nothing new has come for a while. */
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
