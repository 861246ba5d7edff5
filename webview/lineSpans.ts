import type { OutputLine } from '../src/page/toPage.ts'
import { type Sgr, styledTexts, type TerminalColour, terminalColour } from '../src/terminal/sgr.ts'
import { codePointName, deceptiveInOutput } from '../src/text/visibleText.ts'
import { element } from './ui/dom.ts'

/** A line of output as nodes: colours as classes, matches marked, and deceptive characters made visible. */
export function lineSpans({ text, marks = [] }: Pick<OutputLine, 'text' | 'marks'>): DocumentFragment {
  const fragment = document.createDocumentFragment()
  let position = 0
  for (const piece of coloured(text)) {
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

interface Piece {
  readonly text: string
  readonly classes: string
  readonly foreground: string | undefined
  readonly background: string | undefined
}

const deceptive = new RegExp(`[${deceptiveInOutput}]`, 'u')
const deceptiveParts = new RegExp(`([${deceptiveInOutput}])`, 'u')

function coloured(text: string): Piece[] {
  return styledTexts(text).map(({ text: part, sgr }) => ({ text: part, ...look(sgr) }))
}

function look({ foreground, background, attributes }: Sgr): Omit<Piece, 'text'> {
  const isTurned = attributes.includes(7)
  const [over, under] = (isTurned ? [background, foreground] : [foreground, background]).map(terminalColour)
  const classes = [
    ...[classOf(over, 'fg', isTurned), classOf(under, 'bg', isTurned)],
    ...attributes.map((attribute) => decorations.get(attribute)),
  ]
  return {
    classes: classes.filter((name) => name !== undefined).join(' '),
    foreground: styleOf(over),
    background: styleOf(under),
  }
}

/** The sixteen colours have classes, so that the theme defines them; also reversed, and for the default colours. */
function classOf(
  colour: TerminalColour | undefined,
  place: 'fg' | 'bg',
  isTurned: boolean,
): string | undefined {
  switch (colour?.kind) {
    case undefined:
      return isTurned ? `ansi-turned-${place}` : undefined
    case 'named':
      return `ansi-${colour.name}-${place}`
    case 'palette':
      return `ansi-palette-${colour.index}-${place}`
    case 'true':
      return `ansi-truecolor-${place}`
  }
}

function styleOf(colour: TerminalColour | undefined): string | undefined {
  return colour === undefined || colour.kind === 'named' ? undefined : `rgb(${colour.rgb.join(', ')})`
}

const decorations = new Map([
  [1, 'ansi-bold'],
  [2, 'ansi-dim'],
  [3, 'ansi-italic'],
  [4, 'ansi-underline'],
  [9, 'ansi-strikethrough'],
])

function span({ classes, foreground, background }: Piece, text: string): Node {
  const nodes = visibleNodes(text)
  if (classes === '') {
    const fragment = document.createDocumentFragment()
    fragment.append(...nodes)
    return fragment
  }
  const made = element('span', { class: classes }, ...nodes)
  if (foreground !== undefined) made.style.color = foreground
  if (background !== undefined) made.style.backgroundColor = background
  return made
}
