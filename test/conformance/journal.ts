import { existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'

type Line =
  | { readonly since: number }
  | { readonly begun: string; readonly replyTo: string }
  | { readonly ended: string }

/** The memory of runs, on disk before anything is executed. Forgets nothing. */
export class Journal {
  readonly #file: number
  readonly #known = new Map<string, string>()
  readonly #open = new Set<string>()
  #since: number

  /** @param now SQS's clock, milliseconds */
  constructor(path: string, now: number) {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
    this.#since = now
    this.#file = openSync(path, 'a', 0o600)
    for (const line of text.split('\n').filter((line) => line !== '')) this.#learn(JSON.parse(line))
    if (text === '') this.#write({ since: now })
  }

  /** What was issued before this may have been executed without being known, milliseconds. */
  get since(): number {
    return this.#since
  }

  /** Runs that were begun and not answered when this was opened. */
  get interrupted(): { readonly runId: string; readonly replyTo: string }[] {
    return [...this.#open].map((runId) => ({ runId, replyTo: this.#known.get(runId) ?? '' }))
  }

  knows(runId: string): boolean {
    return this.#known.has(runId)
  }

  begin(runId: string, replyTo: string): void {
    this.#write({ begun: runId, replyTo })
  }

  end(runId: string): void {
    this.#write({ ended: runId })
  }

  #write(line: Line): void {
    this.#learn(line)
    writeSync(this.#file, `${JSON.stringify(line)}\n`)
    fsyncSync(this.#file)
  }

  #learn(line: Line): void {
    if ('since' in line) this.#since = line.since
    else if ('ended' in line) this.#open.delete(line.ended)
    else {
      this.#known.set(line.begun, line.replyTo)
      this.#open.add(line.begun)
    }
  }
}
