/** The look of text by ANSI SGR sequences. Blinking and concealed text are not supported: one distracts, the other hides. */
export interface Sgr {
  readonly foreground: string
  readonly background: string
  /** Of 1 bold, 2 dim, 3 italic, 4 underline, 7 reverse, 9 struck through; in this order. */
  readonly attributes: readonly number[]
}

export const plainSgr: Sgr = { foreground: '', background: '', attributes: [] }

/** Applies the parameters of one `ESC [ … m`, in `;` or `:` form. Unknown ones are ignored. */
export function applySgr(before: Sgr, parameters: string): Sgr {
  let { foreground, background } = before
  let attributes = new Set(before.attributes)
  const codes = flatten(parameters)
  for (let i = 0; i < codes.length; i += 1) {
    const code = codes[i] ?? 0
    if (code === 0) {
      foreground = background = ''
      attributes = new Set()
    } else if (shown.includes(code)) attributes.add(code)
    else if (code === 21 || code === 22) {
      attributes.delete(1)
      attributes.delete(2)
    } else if (code >= 23 && code <= 29) attributes.delete(code - 20)
    else if (isColour(code - 30)) foreground = String(code)
    else if (isColour(code - 40)) background = String(code)
    else if (code === 39) foreground = ''
    else if (code === 49) background = ''
    else if (code === 38 || code === 48 || code === 58) {
      const length = codes[i + 1] === 5 ? 2 : codes[i + 1] === 2 ? 4 : 0
      const colour = codes.slice(i + 1, i + 1 + length)
      if (length > 0 && colour.length === length && colour.every((part) => part >= 0 && part <= 255)) {
        if (code === 38) foreground = [38, ...colour].join(';')
        if (code === 48) background = [48, ...colour].join(';')
      }
      i += length
    }
  }
  return { foreground, background, attributes: shown.filter((code) => attributes.has(code)) }
}

/** The sequence that sets this look, whatever it was before; empty for plain text after plain text. */
export function printSgr({ foreground, background, attributes }: Sgr, after: Sgr = plainSgr): string {
  const codes = [...attributes, foreground, background].filter((code) => code !== '')
  const wasPlain = after.foreground === '' && after.background === '' && after.attributes.length === 0
  if (codes.length === 0) return wasPlain ? '' : '\x1b[0m'
  return `\x1b[${wasPlain ? '' : '0;'}${codes.join(';')}m`
}

/** Text without the SGR sequences that {@link printSgr} put in. */
export function withoutSgr(text: string): string {
  return text.includes('\x1b') ? text.replace(/\x1b\[[\d;]*m/g, '') : text
}

/** Text with its look. */
export interface StyledText {
  readonly text: string
  readonly sgr: Sgr
}

/** A line of {@link TerminalLines} in pieces of one look each, without its sequences; none of them is empty. */
export function styledTexts(line: string): StyledText[] {
  const pieces: StyledText[] = []
  let sgr = plainSgr
  // Text and parameters in turns.
  for (const [index, part] of line.split(sequence).entries()) {
    if (index % 2 === 1) sgr = applySgr(sgr, part)
    else if (part !== '') pieces.push({ text: part, sgr })
  }
  return pieces
}

/** A colour of {@link Sgr}: one of the sixteen that the theme defines, or red, green and blue from 0 to 255. */
export type TerminalColour =
  | { readonly kind: 'named'; readonly name: ColourName }
  | { readonly kind: 'rgb'; readonly rgb: Rgb }

/** The sixteen colours that a theme defines, in the order of their codes. */
export const colourNames = [
  ...(['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const),
  ...(['bright-black', 'bright-red', 'bright-green', 'bright-yellow'] as const),
  ...(['bright-blue', 'bright-magenta', 'bright-cyan', 'bright-white'] as const),
] as const
export type ColourName = (typeof colourNames)[number]

export type Rgb = readonly [red: number, green: number, blue: number]

/** @returns undefined for the terminal's default colour */
export function terminalColour(colour: string): TerminalColour | undefined {
  if (colour === '') return undefined
  const [code = 0, space, first = 0, green = 0, blue = 0] = colour.split(';').map(Number)
  if (space === undefined) return named((code % 10) + (code >= 90 ? 8 : 0))
  if (space === 2) return { kind: 'rgb', rgb: [first, green, blue] }
  if (first < 16) return named(first)
  return { kind: 'rgb', rgb: paletteRgb(first) }
}

function named(index: number): TerminalColour {
  return { kind: 'named', name: colourNames[index] as ColourName }
}

/** The upper 240 of xterm's palette: a cube of six steps each, and 24 greys. */
function paletteRgb(index: number): Rgb {
  if (index >= 232) {
    const level = 8 + (index - 232) * 10
    return [level, level, level]
  }
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40)
  const cube = index - 16
  return [level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)]
}

const sequence = /\x1b\[([\d;]*)m/

const shown = [1, 2, 3, 4, 7, 9]

/** 0 to 7 of the eight colours, 60 to 67 of their bright ones. */
function isColour(offset: number): boolean {
  return (offset >= 0 && offset <= 7) || (offset >= 60 && offset <= 67)
}

/** `38:2::1:2:3` and `38:2:1:2:3` as `38;2;1;2;3`; `4:0` as 24, `4:3` (curly underline) as 4. */
function flatten(parameters: string): number[] {
  return parameters.split(';').flatMap((parameter) => {
    if (!parameter.includes(':')) return [Number(parameter)]
    const parts = parameter.split(':')
    if (parts[0] === '4') return [parts[1] === '0' ? 24 : 4]
    if (parts[1] === '2' && parts.length >= 6) parts.splice(2, 1)
    return parts.map(Number)
  })
}
