import type { OutputWindow } from '../../page/toPage.ts'
import type { Matcher } from './matcher.ts'
import { OutputView } from './outputView.ts'
import type { ShownRun } from './shownRun.ts'

/** What is read of an output before others get their turn, bytes. */
const pieceBytes = 1024 * 1024

/** Lines sent when the page follows the end of an output. */
const followedLines = 200

/** The output that a page has open: read as it grows, and sent a window at a time. */
export class OpenOutput {
  readonly agentId: string
  readonly #run: ShownRun
  readonly page: number
  readonly #post: (message: OutputWindow) => void
  readonly #view = new OutputView()
  #window = { from: 0, to: followedLines, follow: false }
  #read = 0
  #reading = false
  #again = false
  #closed = false

  /** `page` is the page's number for it. */
  constructor(run: ShownRun, agentId: string, page: number, post: (message: OutputWindow) => void) {
    this.#run = run
    this.agentId = agentId
    this.page = page
    this.#post = post
  }

  /** Sends these lines now, and again whenever they change. */
  show(window: { from: number; to: number; follow: boolean }): void {
    this.#window = window
    this.#send()
  }

  search(matcher: Matcher | undefined): void {
    this.#view.search(matcher)
    this.#send()
  }

  find(from: number, direction: 1 | -1): { line: number; ordinal: number } | undefined {
    return this.#view.find(from, direction)
  }

  /**
   * Reads what is new.
   * @throws Error when the output cannot be read
   */
  async read(): Promise<void> {
    this.#again = true
    if (this.#reading) return
    this.#reading = true
    try {
      while (this.#again && !this.#closed) {
        this.#again = false
        await this.#readToEnd()
      }
    } finally {
      this.#reading = false
    }
  }

  /** Says anew what can be said about its end: the reply's state has changed. */
  refresh(): void {
    this.#send()
  }

  close(): void {
    this.#closed = true
  }

  async #readToEnd(): Promise<void> {
    for (;;) {
      const chunks = await this.#run.output(this.agentId, this.#read, pieceBytes)
      if (this.#closed) return
      const before = this.#view.count
      for (const chunk of chunks) {
        this.#view.add(chunk)
        this.#read += chunk.bytes.length
      }
      const changedFrom = this.#view.takeChangedFrom()
      const { to, follow } = this.#window
      if (chunks.length === 0 || changedFrom < to || follow || before !== this.#view.count) this.#send()
      if (chunks.length === 0) return
    }
  }

  #send(): void {
    if (this.#closed) return
    const view = this.#view
    const { follow } = this.#window
    const from = follow ? Math.max(0, view.count - followedLines) : this.#window.from
    const to = follow ? view.count : this.#window.to
    const reply = this.#run.state.replies.get(this.agentId)
    const notice = this.#notice()
    const { matches } = view
    this.#post({
      type: 'output',
      view: this.page,
      total: view.count,
      from,
      lines: view.window(from, to),
      width: view.width,
      open: reply?.output === 'partial' || reply?.state === 'running' || this.#unread(),
      ...(notice === undefined ? {} : { notice }),
      ...(matches === undefined ? {} : { matches }),
    })
  }

  #unread(): boolean {
    const reply = this.#run.state.replies.get(this.agentId)
    return reply !== undefined && reply.stdoutBytes + reply.stderrBytes > this.#read
  }

  #notice(): string | undefined {
    const reply = this.#run.state.replies.get(this.agentId)
    if (reply === undefined) return undefined
    const sentences: string[] = []
    if (reply.droppedBytes > 0) {
      const dropped = reply.droppedBytes.toLocaleString('en')
      sentences.push(`The agent dropped ${dropped} bytes from the middle: the output is above its limit.`)
    }
    if (reply.output === 'incomplete') sentences.push('Part of this output never arrived.')
    return sentences.length === 0 ? undefined : sentences.join(' ')
  }
}
