import type { OutputLine } from '../src/page/toPage.ts'
import { withoutSgr } from '../src/terminal/sgr.ts'
import { type WebLink, webLinks } from '../src/text/webLinks.ts'
import { formatCount } from './format.ts'
import { lineSpans } from './lineSpans.ts'
import type { TerminalColours } from './terminalColours.ts'
import { element, setText } from './ui/dom.ts'
import type { RowView } from './virtualRows.ts'
import { t } from './words.ts'

/** The line at an index of the output. */
export interface LineAt {
  /** Undefined while the host has not sent it. */
  readonly line: OutputLine | undefined
  /** Whether it is the current match. */
  readonly current: boolean
}

/** A row that shows one line: its number, its stream, and its text. */
export function outputRow(lineAt: (index: number) => LineAt, colours: TerminalColours): RowView {
  const number = element('span', { class: 'line-number', 'aria-hidden': 'true' })
  const stream = element('span', {
    class: 'line-stream',
    title: t('stderr. Lines of stdout and stderr are shown in the order in which the agent read them.'),
  })
  const text = element('span', { class: 'line-text' })
  const made = element('div', { class: 'line' }, number, stream, text)
  let shown: OutputLine | undefined
  let theme = colours.theme
  return {
    element: made,
    render: (index) => {
      const { line, current } = lineAt(index)
      made.classList.toggle('current', current)
      // A line that stays the same keeps its nodes, and with them a selection.
      if (shown !== undefined && theme === colours.theme && isSameLine(line, shown)) return
      shown = line
      theme = colours.theme
      setText(number, line === undefined ? String(index + 1) : line.n === 0 ? '' : String(line.n))
      made.classList.toggle('err', line?.stream === 2)
      made.classList.toggle('ours', line?.n === 0)
      setText(stream, line?.stream === 2 ? t('err') : '')
      text.replaceChildren(
        ...(line === undefined ? [] : [lineSpans(line, colours, linksOf(line)), ...cutNote(line)]),
      )
    },
  }
}

/** Our own lines have none; nor has the end of a line that is cut, where an address would lead elsewhere. */
function linksOf({ n, text, cut }: OutputLine): WebLink[] {
  if (n === 0) return []
  const plain = withoutSgr(text)
  const links = webLinks(plain)
  return cut === undefined ? links : links.filter(({ start, url }) => start + url.length < plain.length - 1)
}

function isSameLine(line: OutputLine | undefined, shown: OutputLine): boolean {
  if (line === undefined) return false
  const { n, stream, text, cut, marks } = line
  return (
    n === shown.n &&
    stream === shown.stream &&
    text === shown.text &&
    cut === shown.cut &&
    String(marks) === String(shown.marks)
  )
}

function cutNote({ cut }: OutputLine): HTMLElement[] {
  if (cut === undefined) return []
  const note = t('{0} more characters; open as a document to see them', formatCount(cut))
  return [element('span', { class: 'cut' }, ` … ${note}`)]
}
