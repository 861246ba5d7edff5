import { mix, readableOn } from './contrast.ts'
import { type ColourName, type Rgb, type Sgr, type TerminalColour, terminalColour } from './sgr.ts'

/** The colours of a theme. */
export interface Palette {
  readonly foreground: Rgb
  readonly background: Rgb
  readonly named: Readonly<Record<ColourName, Rgb>>
}

/** Undefined where it is the colour of plain text. */
export interface ShownColours {
  readonly foreground: Rgb | undefined
  readonly background: Rgb | undefined
}

/** Share of the background in faint text. */
const faintShare = 0.4

/**
 * The colours of text with this look in a theme, so that it can be read: what servers print is made for terminals of
 * which they know nothing, and a terminal corrects it, too (`terminal.integrated.minimumContrastRatio`).
 */
export function shownColours({ foreground, background, attributes }: Sgr, palette: Palette): ShownColours {
  const isReversed = attributes.includes(7)
  const isFaint = attributes.includes(2)
  if (foreground === '' && background === '' && !isReversed && !isFaint) return plain
  const own = { over: inPalette(foreground, palette), under: inPalette(background, palette) }
  const { over = palette.foreground, under = palette.background } = own
  const [text, behind] = isReversed ? [under, over] : [over, under]
  const readable = readableOn(isFaint ? mix(text, behind, faintShare) : text, behind)
  return { foreground: readable, background: isReversed || own.under !== undefined ? behind : undefined }
}

const plain: ShownColours = { foreground: undefined, background: undefined }

function inPalette(code: string, { named }: Palette): Rgb | undefined {
  const colour: TerminalColour | undefined = terminalColour(code)
  if (colour === undefined) return undefined
  return colour.kind === 'named' ? named[colour.name] : colour.rgb
}
