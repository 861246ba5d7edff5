import type { OutputWindow } from '../../page/toPage.ts'
import type { Translate } from '../../text/translate.ts'
import { FormattedView, type Unformatted } from './formattedView.ts'
import type { Matcher } from './matcher.ts'
import { OutputView } from './outputView.ts'
import type { Clock } from './pageClock.ts'
import type { ShownRun } from './shownRun.ts'

/** Bytes of an output that are read at a time, before other work gets its turn. The page waits for the first piece. */
const firstPieceBytes = 64 * 1024
const pieceBytes = 1024 * 1024

/** Lines sent when the page follows the end of an output. */
const followedLines = 200

/** How often the page is told that an output has grown, milliseconds: updates of a longer output cost more. */
const tellEveryMs = (lines: number) => (lines < 50_000 ? 40 : 250)

export interface OpenOutputOptions {
  readonly run: ShownRun
  readonly agentId: string
  readonly page: number
  readonly clock: Clock
  readonly t: Translate
  post(message: OutputWindow): void
}

/** The output that is open on a page: read as it grows, and sent one window at a time. */
export class OpenOutput {
  readonly agentId: string
  readonly #run: ShownRun
  readonly page: number
  readonly #clock: Clock
  readonly #post: (message: OutputWindow) => void
  readonly #t: Translate
  readonly #view: OutputView
  #window = { from: 0, to: followedLines, follow: false, formatted: false }
  #isSearched = false
  /** Made when it is first asked for, once the output is complete. */
  #formatted: FormattedView | Unformatted | undefined
  #read = 0
  /** Whether everything that exists has been read once: before that, the page must not say that there is no output. */
  #hasLooked = false
  #trouble: string | undefined
  #reading: Promise<void> | undefined
  #again = false
  #closed = false
  #toldAt = Number.NEGATIVE_INFINITY
  #cancelTelling: (() => void) | undefined

  /** `page` is the number that the page has given it. */
  constructor({ run, agentId, page, clock, t, post }: OpenOutputOptions) {
    this.#run = run
    this.#t = t
    this.#view = new OutputView(t)
    this.#clock = clock
    this.agentId = agentId
    this.page = page
    this.#post = post
  }

  /** Sends these lines now, and again whenever they change. */
  show(window: { from: number; to: number; follow: boolean; formatted: boolean }): void {
    this.#window = window
    this.#send()
  }

  search(matcher: Matcher | undefined): void {
    this.#isSearched = matcher !== undefined
    this.#view.search(matcher)
    this.#send()
  }

  /** Searches once everything that exists has been read. */
  async find(from: number, direction: 1 | -1): Promise<{ line: number; ordinal: number } | undefined> {
    await this.#reading
    return this.#view.find(from, direction)
  }

  /** The text between two places of what is shown, once everything that exists has been read. */
  async text(...places: Parameters<OutputView['text']>): Promise<string> {
    await this.#reading
    return this.#shown().text(...places)
  }

  /**
   * Reads what is new.
   * @throws Error when the output cannot be read
   */
  read(): Promise<void> {
    this.#again = true
    this.#reading ??= this.#readWhileThereIsMore().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  /** Updates the notice at its end, because the reply's state has changed. */
  refresh(): void {
    this.#sendSoon()
  }

  close(): void {
    this.#closed = true
    this.#cancelTelling?.()
  }

  async #readWhileThereIsMore(): Promise<void> {
    try {
      while (this.#again && !this.#closed) {
        this.#again = false
        await this.#readToEnd()
      }
      this.#trouble = undefined
    } catch (error) {
      this.#trouble = (error as Error).message
      this.#hasLooked = true
      this.#sendSoon()
      throw error
    }
  }

  async #readToEnd(): Promise<void> {
    for (;;) {
      const piece = this.#read === 0 ? firstPieceBytes : pieceBytes
      const chunks = await this.#run.output(this.agentId, this.#read, piece)
      if (this.#closed) return
      this.#hasLooked = true
      const before = this.#view.count
      for (const chunk of chunks) {
        this.#view.add(chunk)
        this.#formatted = undefined
        this.#read += chunk.bytes.length
      }
      const changedFrom = this.#view.takeChangedFrom()
      const { to, follow } = this.#window
      if (chunks.length === 0 || changedFrom < to || follow || before !== this.#view.count) this.#sendSoon()
      if (chunks.length === 0) return
    }
  }

  #sendSoon(): void {
    if (this.#closed || this.#cancelTelling !== undefined) return
    const waitMs = this.#toldAt + tellEveryMs(this.#view.count) - this.#clock.now()
    if (waitMs <= 0) this.#send()
    else this.#cancelTelling = this.#clock.later(() => this.#send(), waitMs)
  }

  #send(): void {
    this.#cancelTelling?.()
    this.#cancelTelling = undefined
    if (this.#closed || !this.#hasLooked) return
    this.#toldAt = this.#clock.now()
    const view = this.#shown()
    const { follow } = this.#window
    const from = follow ? Math.max(0, view.count - followedLines) : this.#window.from
    const to = follow ? view.count : this.#window.to
    const reply = this.#run.state.replies.get(this.agentId)
    const notice = this.#notice()
    const { matches } = this.#view
    this.#post({
      type: 'output',
      view: this.page,
      total: view.count,
      from,
      lines: view.window(from, to),
      width: view.width,
      hasStderr: (reply?.stderrBytes ?? 0) > 0,
      open: this.#grows(),
      ...(notice === undefined ? {} : { notice }),
      ...(matches === undefined ? {} : { matches }),
    })
  }

  /** Whether more may come, or has come and is not read. */
  #grows(): boolean {
    const reply = this.#run.state.replies.get(this.agentId)
    if (reply === undefined) return false
    const { output, state, stdoutBytes, stderrBytes } = reply
    return output === 'partial' || state === 'running' || stdoutBytes + stderrBytes > this.#read
  }

  /** As printed while it is searched, too: the matches are those of the output. */
  #shown(): OutputView | FormattedView {
    if (!this.#window.formatted || this.#isSearched || this.#grows()) return this.#view
    this.#formatted ??= FormattedView.of(this.#view.plain())
    return this.#formatted instanceof FormattedView ? this.#formatted : this.#view
  }

  #unformatted(): string | undefined {
    if (!this.#window.formatted || this.#view.count === 0) return undefined
    if (this.#grows()) return this.#t('Shown as printed until the output is complete.')
    if (this.#isSearched) return this.#t('Shown as printed while you search.')
    switch (this.#formatted) {
      case 'as-printed':
        return this.#t('Shown as printed: this is neither JSON nor a table with columns to align.')
      case 'too-large':
        return this.#t('Shown as printed: this output is too large to format.')
      case 'too-deep':
        return this.#t('Shown as printed: this JSON is nested too deeply to format.')
      default:
        return this.#t('Formatted. Copy, export and comparisons have the output as printed.')
    }
  }

  #notice(): string | undefined {
    const reply = this.#run.state.replies.get(this.agentId)
    if (reply === undefined) return undefined
    const unformatted = this.#unformatted()
    const sentences = unformatted === undefined ? [] : [unformatted]
    if (this.#trouble !== undefined) sentences.push(this.#t('Cannot read this output: {0}', this.#trouble))
    if (reply.droppedBytes > 0) {
      const dropped = reply.droppedBytes.toLocaleString('en')
      sentences.push(
        this.#t('The agent dropped {0} bytes from the middle: the output exceeds its limit.', dropped),
      )
    }
    if (reply.output === 'incomplete') sentences.push(this.#t('Part of this output never arrived.'))
    return sentences.length === 0 ? undefined : sentences.join(' ')
  }
}
