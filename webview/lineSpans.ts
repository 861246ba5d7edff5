import type { OutputLine } from '../src/page/toPage.ts'
import { styledTexts } from '../src/terminal/sgr.ts'
import { codePointName, deceptiveInOutput } from '../src/text/visibleText.ts'
import type { CssColours, TerminalColours } from './terminalColours.ts'
import { element } from './ui/dom.ts'

/** A line of output as nodes: with its colours, matches marked, and deceptive characters made visible. */
export function lineSpans(
  { text, marks = [] }: Pick<OutputLine, 'text' | 'marks'>,
  colours: TerminalColours,
): DocumentFragment {
  const fragment = document.createDocumentFragment()
  let position = 0
  for (const piece of pieces(text, colours)) {
    const end = position + piece.text.length
    let from = position
    for (const [start, length] of marks) {
      if (start >= end || start + length <= from) continue
      if (start > from) fragment.append(span(piece, piece.text.slice(from - position, start - position)))
      const until = Math.min(end, start + length)
      const marked = span(piece, piece.text.slice(Math.max(from, start) - position, until - position))
      fragment.append(element('mark', {}, marked))
      from = until
    }
    if (from < end) fragment.append(span(piece, piece.text.slice(from - position)))
    position = end
  }
  return fragment
}

/** Text in which invisible and bidirectional characters are shown as their code: `U+202E`. */
export function visibleNodes(text: string): Node[] {
  if (!deceptive.test(text)) return [document.createTextNode(text)]
  return text
    .split(deceptiveParts)
    .filter((part) => part !== '')
    .map((part) =>
      deceptive.test(part)
        ? element('span', { class: 'codepoint' }, codePointName(part))
        : document.createTextNode(part),
    )
}

interface Piece extends CssColours {
  readonly text: string
  readonly classes: string
}

const deceptive = new RegExp(`[${deceptiveInOutput}]`, 'u')
const deceptiveParts = new RegExp(`([${deceptiveInOutput}])`, 'u')

function pieces(line: string, colours: TerminalColours): Piece[] {
  return styledTexts(line).map(({ text, sgr }) => {
    const classes = sgr.attributes.flatMap((attribute) => decorations.get(attribute) ?? [])
    return { text, classes: classes.join(' '), ...colours.of(sgr) }
  })
}

const decorations = new Map([
  [1, 'ansi-bold'],
  [3, 'ansi-italic'],
  [4, 'ansi-underline'],
  [9, 'ansi-strikethrough'],
])

function span({ classes, foreground, background }: Piece, text: string): Node {
  const nodes = visibleNodes(text)
  if (classes === '' && foreground === undefined && background === undefined) {
    const fragment = document.createDocumentFragment()
    fragment.append(...nodes)
    return fragment
  }
  const made = element('span', { class: `ansi ${classes}`.trimEnd() }, ...nodes)
  if (foreground !== undefined) made.style.color = foreground
  if (background !== undefined) made.style.backgroundColor = background
  return made
}
