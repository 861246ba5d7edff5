import { lastLine, previewBytes } from './outputPreview.ts'
import type { ShownRun } from './shownRun.ts'

/** The last line of output of each agent, as it was last sent to a page. */
export class LastLines {
  readonly #run: Pick<ShownRun, 'state' | 'output'>
  readonly #read = new Map<string, { bytes: number; line: string }>()
  readonly #told = new Map<string, string>()

  constructor(run: Pick<ShownRun, 'state' | 'output'>) {
    this.#run = run
  }

  /**
   * The lines of these agents that differ from those on the page. They then count as sent.
   * @throws Error when an output cannot be read
   */
  async news(agentIds: readonly string[]): Promise<[agentId: string, line: string][]> {
    const news: [string, string][] = []
    for (const agentId of agentIds) {
      const reply = this.#run.state.replies.get(agentId)
      const bytes = (reply?.stdoutBytes ?? 0) + (reply?.stderrBytes ?? 0)
      if (bytes === 0) continue
      const known = this.#read.get(agentId)
      const line =
        known?.bytes === bytes
          ? known.line
          : lastLine(await this.#run.output(agentId, Math.max(0, bytes - previewBytes), previewBytes))
      // A reading that began later is more recent.
      if ((this.#read.get(agentId)?.bytes ?? 0) > bytes) continue
      this.#read.set(agentId, { bytes, line })
      if (this.#told.get(agentId) === line) continue
      this.#told.set(agentId, line)
      news.push([agentId, line])
    }
    return news
  }

  /** The page starts again, without any lines. */
  forget(): void {
    this.#told.clear()
  }
}
