import type { OutputLine } from '../src/page/toPage.ts'
import { styledTexts } from '../src/terminal/sgr.ts'
import { codePointName, deceptiveInOutput } from '../src/text/visibleText.ts'
import type { WebLink } from '../src/text/webLinks.ts'
import { webLink } from './outputLinks.ts'
import type { CssColours, TerminalColours } from './terminalColours.ts'
import { element } from './ui/dom.ts'

/** A line of output as nodes: with its colours, matches marked, links, and deceptive characters made visible. */
export function lineSpans(
  { text, marks = [] }: Pick<OutputLine, 'text' | 'marks'>,
  colours: TerminalColours,
  links: readonly WebLink[] = [],
): DocumentFragment {
  const fragment = document.createDocumentFragment()
  const marked = marks.map(([start, length]) => ({ start, end: start + length }))
  const linked = links.map(({ start, url }) => ({ start, end: start + url.length, made: webLink(url) }))
  const edges = [...marked, ...linked].flatMap(({ start, end }) => [start, end]).sort((a, b) => a - b)
  let position = 0
  let [edge, mark, link] = [0, 0, 0]
  for (const piece of pieces(text, colours)) {
    const end = position + piece.text.length
    let from = position
    while (from < end) {
      while ((edges[edge] ?? end) <= from && edge < edges.length) edge += 1
      while ((marked[mark]?.end ?? end) <= from && mark < marked.length) mark += 1
      while ((linked[link]?.end ?? end) <= from && link < linked.length) link += 1
      const until = Math.min(end, edges[edge] ?? end)
      const node = span(piece, piece.text.slice(from - position, until - position))
      const inMark = from >= (marked[mark]?.start ?? end)
      const inLink = from >= (linked[link]?.start ?? end) ? linked[link]?.made : undefined
      // A link of several colours is one link.
      if (inLink !== undefined && inLink.parentNode === null) fragment.append(inLink)
      ;(inLink ?? fragment).append(inMark ? element('mark', {}, node) : node)
      from = until
    }
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
