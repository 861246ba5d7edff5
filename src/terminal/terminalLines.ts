import type { Chunk } from '../protocol/frames.ts'
import { applySgr, plainSgr, printSgr, type Sgr } from './sgr.ts'

/** A line as a terminal would show it: its only control sequences are SGR, and it starts from plain. */
export interface TerminalLine {
  readonly stream: 1 | 2
  readonly text: string
  /** The beginning of `text`, a few thousand characters: cheap even when the line has a hundred million. */
  readonly head: string
  /** Characters that are visible: `text` without SGR. */
  readonly length: number
}

/**
 * Splits output into lines as it arrives. stdout and stderr are separate lines, in the order of their first bytes. `\r`
 * and `ESC [ K` rewrite a line (progress bars), `\b` deletes a character; OSC, DCS and all other sequences are dropped,
 * and remaining control characters are shown as symbols (`␀`). Accepts output of any size, in chunks split at any byte,
 * in linear time.
 */
export class TerminalLines {
  #lines: Line[] = []
  readonly #streams = { 1: startStream(), 2: startStream() }
  #changedFrom = 0
  #width = 0

  get count(): number {
    return this.#lines.length
  }

  /** Characters of the longest line. */
  get width(): number {
    return this.#width
  }

  line(index: number): TerminalLine | undefined {
    return this.#lines[index]
  }

  add({ stream, bytes }: Chunk): void {
    const state = this.#streams[stream]
    const decoded = state.decoder.decode(bytes, { stream: true })
    // The 8-bit forms of ESC [, ESC ] and so on are converted to the 7-bit ones, so that only these need handling.
    const text =
      state.unfinished + (c1.test(decoded) ? decoded.replace(c1All, (c) => `\x1b${c1Letter(c)}`) : decoded)
    state.unfinished = ''
    let position = 0
    while (position < text.length) {
      special.lastIndex = position
      const at = special.exec(text)?.index ?? text.length
      if (at > position) this.#write(stream, text.slice(position, at))
      if (at === text.length) return
      const end = this.#control(stream, text, at)
      if (end === undefined) {
        state.unfinished = text.slice(at)
        return
      }
      position = end
    }
  }

  /** Index of the first line that was changed or added since the last call; `count` when there is none. */
  takeChangedFrom(): number {
    const from = Math.min(this.#changedFrom, this.#lines.length)
    this.#changedFrom = this.#lines.length
    return from
  }

  /**
   * The lines that can no longer change, in order. They are removed, and only the one or two lines that are still being
   * written stay: for readers that stream growing output without keeping it.
   */
  takeFinished(): TerminalLine[] {
    const finished = this.#lines.filter(({ isFinished }) => isFinished)
    const open = this.#lines.filter(({ isFinished }) => !isFinished)
    open.forEach((line, index) => {
      line.index = index
    })
    this.#lines = open
    this.#changedFrom = 0
    return finished
  }

  /** Handles the control character at `at`. Returns where to continue; undefined when the sequence is incomplete. */
  #control(stream: 1 | 2, text: string, at: number): number | undefined {
    const state = this.#streams[stream]
    switch (text[at]) {
      case '\n': {
        this.#open(stream).isFinished = true
        state.open = undefined
        state.rewrite = false
        return at + 1
      }
      case '\r':
        state.rewrite = true
        return at + 1
      case '\b': {
        const line = this.#open(stream)
        line.takeBack()
        this.#changedFrom = Math.min(this.#changedFrom, line.index)
        return at + 1
      }
      case '\x1b':
        return this.#escape(stream, text, at)
      default:
        this.#write(stream, picture(text.charCodeAt(at)))
        return at + 1
    }
  }

  #escape(stream: 1 | 2, text: string, at: number): number | undefined {
    const csi = matchAt(controlSequence, text, at)
    if (csi !== undefined) {
      this.#controlSequence(stream, csi[1] ?? '', csi[2] ?? '')
      return at + csi[0].length
    }
    for (const ignored of [controlString, shortEscape]) {
      const sequence = matchAt(ignored, text, at)
      if (sequence !== undefined) return at + sequence[0].length
    }
    // A sequence that never ends must not swallow the rest: past this length its ESC counts as a stray character.
    if (text.length - at < maxSequence && matchAt(beginning, text, at) !== undefined) return undefined
    return at + 1
  }

  #controlSequence(stream: 1 | 2, parameters: string, final: string): void {
    const state = this.#streams[stream]
    if (final === 'm' && /^[\d;:]*$/.test(parameters)) {
      const before = state.sgr
      state.sgr = applySgr(before, parameters)
      if (state.open !== undefined && !state.rewrite) state.open.add(printSgr(state.sgr, before), 0)
    } else if (final === 'K' && (state.rewrite || parameters === '2') && state.open !== undefined) {
      this.#restart(stream, state.open)
    } else if (final === 'G' && Number(parameters) <= 1) state.rewrite = true
    else if (final === 'C') this.#write(stream, ' '.repeat(Math.min(Number(parameters) || 1, 200)))
  }

  #write(stream: 1 | 2, text: string): void {
    const line = this.#open(stream)
    if (this.#streams[stream].rewrite) this.#restart(stream, line)
    this.#changedFrom = Math.min(this.#changedFrom, line.index)
    line.add(text, text.length)
    this.#width = Math.max(this.#width, line.length)
  }

  #restart(stream: 1 | 2, line: Line): void {
    this.#changedFrom = Math.min(this.#changedFrom, line.index)
    line.restart(printSgr(this.#streams[stream].sgr))
    this.#streams[stream].rewrite = false
  }

  #open(stream: 1 | 2): Line {
    const state = this.#streams[stream]
    if (state.open === undefined) {
      state.open = new Line(stream, this.#lines.length, printSgr(state.sgr))
      this.#lines.push(state.open)
    }
    return state.open
  }
}

/** Appends in constant time, however long the line is: the text beyond the head is joined only when it is read. */
class Line implements TerminalLine {
  readonly stream: 1 | 2
  index: number
  isFinished = false
  head: string
  length = 0
  #rest: string[] = []

  constructor(stream: 1 | 2, index: number, start: string) {
    this.stream = stream
    this.index = index
    this.head = start
  }

  get text(): string {
    return this.#rest.length === 0 ? this.head : this.head + this.#rest.join('')
  }

  /** @param visible how many of the characters are visible */
  add(text: string, visible: number): void {
    if (this.#rest.length === 0 && this.head.length < headCharacters) this.head += text
    else if (text !== '') this.#rest.push(text)
    this.length += visible
  }

  /** Deletes the last character, unless it is the end of a sequence. */
  takeBack(): void {
    const last = this.#rest.at(-1) ?? this.head
    if (last === '' || endsInSgr.test(last.slice(-64))) return
    if (this.#rest.length === 0) this.head = last.slice(0, -1)
    else this.#rest[this.#rest.length - 1] = last.slice(0, -1)
    this.length -= 1
  }

  restart(start: string): void {
    this.head = start
    this.#rest = []
    this.length = 0
  }
}

/** Above this many characters the text of a line is kept in parts. */
const headCharacters = 8192

/** Longest incomplete sequence to wait for, characters: window titles and links are shorter. */
const maxSequence = 8192

/* biome-ignore-start lint/suspicious/noControlCharactersInRegex: control characters are what this file is about */
/** Every character that needs handling; a tab does not. */
const special = /[\x00-\x08\x0a-\x1f\x7f]/g
const c1 = /[\x80-\x9f]/
const c1All = /[\x80-\x9f]/g
/** CSI: parameters, intermediates, final. */
const controlSequence = /\x1b\[([0-?]*)[ -/]*([@-~])/y
/** OSC, DCS, SOS, PM, APC: up to BEL or ST; a line's end or another ESC ends a broken one. */
const controlString = /\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\|(?=[\x1b\n]))/y
const endsInSgr = /\x1b\[[\d;]*m$/
const shortEscape = /\x1b(?:[ -/]+[0-~]|[0-OQ-WYZ\\`-~])/y
/** The beginning of any of these, which more input may complete. */
const beginning = /\x1b(?:$|\[[0-?]*[ -/]*$|[\]PX^_][^\x07\x1b\n]*\x1b?$|[ -/]+$)/y
/* biome-ignore-end lint/suspicious/noControlCharactersInRegex: see above */

function startStream() {
  return {
    decoder: new TextDecoder(),
    unfinished: '',
    open: undefined as Line | undefined,
    /** After `\r`: the next character restarts the line. */
    rewrite: false,
    sgr: plainSgr as Sgr,
  }
}

function matchAt(expression: RegExp, text: string, at: number): RegExpExecArray | undefined {
  expression.lastIndex = at
  return expression.exec(text) ?? undefined
}

function c1Letter(character: string): string {
  return String.fromCharCode(character.charCodeAt(0) - 0x40)
}

function picture(code: number): string {
  return code === 0x7f ? '\u2421' : String.fromCharCode(0x2400 + code)
}
