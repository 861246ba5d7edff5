import Anser from 'anser'
import type { OutputLine } from '../src/page/toPage.ts'
import { element } from './ui/dom.ts'

/** A line of output as nodes: colours as classes, matches marked, and whatever would deceive the eye made visible. */
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

/** Text with whatever is invisible or turns the direction of writing shown as its code: `U+202E`. */
export function visibleText(text: string): Node[] {
  if (!deceptive.test(text)) return [document.createTextNode(text)]
  return text
    .split(deceptiveParts)
    .filter((part) => part !== '')
    .map((part) =>
      deceptive.test(part)
        ? element('span', { class: 'codepoint' }, codePoint(part))
        : document.createTextNode(part),
    )
}

interface Piece {
  readonly text: string
  readonly classes: string
  readonly foreground: string | undefined
  readonly background: string | undefined
}

/**
 * Bidirectional controls, zero-width and other format characters, line separators, tags, and control characters but
 * the tab. The joiners U+200C and U+200D are left: scripts and emoji need them, and they turn nothing round.
 */
const characters =
  '[\\u0000-\\u0008\\u000a-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}]'
const deceptive = new RegExp(characters, 'u')
const deceptiveParts = new RegExp(`(${characters})`, 'u')

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

function coloured(text: string): Piece[] {
  if (!text.includes('\x1b')) return [{ text, classes: '', foreground: undefined, background: undefined }]
  return Anser.ansiToJson(text, { use_classes: true, remove_empty: true }).map((entry) => ({
    text: entry.content,
    classes: [
      ...[entry.fg && `${entry.fg}-fg`, entry.bg && `${entry.bg}-bg`].filter(Boolean),
      ...entry.decorations.map((decoration) => `ansi-${decoration}`),
    ].join(' '),
    foreground: rgb(entry.fg, entry.fg_truecolor),
    background: rgb(entry.bg, entry.bg_truecolor),
  }))
}

function span({ classes, foreground, background }: Piece, text: string): Node {
  const nodes = visibleText(text)
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

/** A colour that has no class of its own: true colour, and 16 to 255 of the palette. */
function rgb(name: string | null, trueColour: string | null): string | undefined {
  if (name === 'ansi-truecolor') return trueColour === null ? undefined : `rgb(${trueColour})`
  const index = Number(/^ansi-palette-(\d+)$/.exec(name ?? '')?.[1] ?? Number.NaN)
  if (Number.isNaN(index)) return undefined
  if (index >= 232) {
    const level = 8 + (index - 232) * 10
    return `rgb(${level}, ${level}, ${level})`
  }
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40)
  const cube = index - 16
  return `rgb(${level(Math.floor(cube / 36))}, ${level(Math.floor(cube / 6) % 6)}, ${level(cube % 6)})`
}
