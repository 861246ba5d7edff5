import { type ColourName, colourNames, type Rgb, type Sgr } from '../src/terminal/sgr.ts'
import { type Palette, shownColours } from '../src/terminal/shownColours.ts'

/** A look as CSS colours; undefined where it is that of plain text. */
export interface CssColours {
  readonly foreground: string | undefined
  readonly background: string | undefined
}

/** The most looks that are remembered: a gradient has a look for each character. */
const maxLooks = 4096

/** The colours of output in the theme of the editor, so that they can be read; computed once for each look. */
export class TerminalColours {
  /** Another one after each change of the theme. */
  theme = 0
  #palette: Palette
  readonly #looks = new Map<string, CssColours>()

  /** @param onChange called after a change of the theme */
  constructor(onChange: () => void) {
    this.#palette = readPalette()
    // The editor sets its colours as variables of the root, and the kind of the theme as a class of the body.
    const observer = new MutationObserver(() => {
      const palette = readPalette()
      if (JSON.stringify(palette) === JSON.stringify(this.#palette)) return
      this.#palette = palette
      this.theme += 1
      this.#looks.clear()
      onChange()
    })
    for (const themed of [document.documentElement, document.body])
      observer.observe(themed, { attributeFilter: ['style', 'class'] })
  }

  of(sgr: Sgr): CssColours {
    const key = `${sgr.foreground}/${sgr.background}/${sgr.attributes}`
    const known = this.#looks.get(key)
    if (known !== undefined) return known
    const { foreground, background } = shownColours(sgr, this.#palette)
    const look = { foreground: css(foreground), background: css(background) }
    if (this.#looks.size >= maxLooks) this.#looks.clear()
    this.#looks.set(key, look)
    return look
  }
}

function css(colour: Rgb | undefined): string | undefined {
  return colour && `rgb(${colour.join(', ')})`
}

function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement)
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  const read = (name: string, fallback: Rgb, under: Rgb = fallback): Rgb => {
    if (context === null) return fallback
    context.fillStyle = css(under) as string
    context.fillRect(0, 0, 1, 1)
    context.fillStyle = css(fallback) as string
    // A value that is none leaves the fallback. A colour may be transparent.
    context.fillStyle = style.getPropertyValue(name).trim()
    context.fillRect(0, 0, 1, 1)
    const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data
    return [red, green, blue]
  }
  const background = read('--vscode-editor-background', [255, 255, 255])
  const foreground = read('--vscode-editor-foreground', [0, 0, 0], background)
  const named = Object.fromEntries(
    colourNames.map((name) => [name, read(variableOf(name), foreground, background)]),
  ) as Record<ColourName, Rgb>
  return { foreground, background, named }
}

/** `bright-red` is `--vscode-terminal-ansiBrightRed`. */
function variableOf(name: ColourName): string {
  const words = name.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  return `--vscode-terminal-ansi${words.join('')}`
}
