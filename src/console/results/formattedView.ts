import { type Layout, layOut, layoutLimits } from '../../answers/layout.ts'
import type { OutputLine } from '../../page/toPage.ts'
import { cutText, maxCharacters, type Place } from './outputView.ts'

interface PlainLine {
  readonly stream: 1 | 2
  readonly text: string
}

/** Why an output that should be formatted is shown as it was printed. */
export type Unformatted = Exclude<Layout['kind'], 'laid-out'>

/** A complete output with its JSON indented or its table aligned, for the page only. Lines of stderr stay as they are. */
export class FormattedView {
  readonly width: number
  readonly #lines: readonly PlainLine[]

  private constructor(lines: readonly PlainLine[]) {
    this.#lines = lines
    const longest = lines.reduce((most, { text }) => Math.max(most, text.length), 0)
    this.width = Math.min(longest, maxCharacters)
  }

  /** The lines of stdout between two of stderr are laid out by themselves, so that the order of all stays. */
  static of(lines: Iterable<PlainLine>): FormattedView | Unformatted {
    const made: PlainLine[] = []
    let why: Unformatted | undefined = 'as-printed'
    let characters = 0
    for (const { stream, texts } of inRuns(lines)) {
      for (const { length } of texts) characters += length + 1
      if (characters > layoutLimits.characters) return 'too-large'
      const layout: Layout = stream === 1 ? layOut(texts) : { kind: 'as-printed' }
      if (layout.kind === 'laid-out') why = undefined
      else if (layout.kind !== 'as-printed') return layout.kind
      for (const text of layout.kind === 'laid-out' ? layout.lines : texts) made.push({ stream, text })
    }
    return why ?? new FormattedView(made)
  }

  get count(): number {
    return this.#lines.length
  }

  window(from: number, to: number): OutputLine[] {
    return this.#lines.slice(from, to).map(({ stream, text: whole }, index) => {
      const text = cutText(whole, maxCharacters)
      const cut = whole.length - text.length
      return { n: from + index + 1, stream, text, ...(cut > 0 ? { cut } : {}) }
    })
  }

  /** The text between two places, as it is shown. */
  text(from: Place, to: Place): string {
    return this.#lines
      .slice(from.line, to.line + 1)
      .map(({ text }, index) => {
        const end = from.line + index === to.line ? to.column : text.length
        return text.slice(index === 0 ? from.column : 0, end)
      })
      .join('\n')
  }
}

function* inRuns(lines: Iterable<PlainLine>): Generator<{ stream: 1 | 2; texts: string[] }> {
  let run: { stream: 1 | 2; texts: string[] } | undefined
  for (const { stream, text } of lines) {
    if (run?.stream !== stream) {
      if (run !== undefined) yield run
      run = { stream, texts: [] }
    }
    run.texts.push(text)
  }
  if (run !== undefined) yield run
}
