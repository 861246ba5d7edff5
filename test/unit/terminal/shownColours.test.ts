import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contrastRatio, readableOn } from '../../../src/terminal/contrast.ts'
import { applySgr, colourNames, plainSgr, type Rgb, type Sgr } from '../../../src/terminal/sgr.ts'
import { type Palette, shownColours } from '../../../src/terminal/shownColours.ts'

const themes = ['dark', 'light', 'high-contrast', 'high-contrast-light'] as const
type Theme = (typeof themes)[number]

/** The colours that VS Code itself gave for its theme. */
function paletteOf(theme: Theme): Palette {
  const file = new URL(`../../fixtures/themes/${theme}.json`, import.meta.url)
  const variables = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
  const rgb = (name: string): Rgb => {
    const hex = /^#(..)(..)(..)$/.exec(variables[name] ?? '')
    if (hex === null) throw new Error(`${name} of ${theme} is not a colour: ${variables[name]}`)
    return [
      Number.parseInt(hex[1] ?? '', 16),
      Number.parseInt(hex[2] ?? '', 16),
      Number.parseInt(hex[3] ?? '', 16),
    ]
  }
  const ansi = (name: string) =>
    `--vscode-terminal-ansi${name.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase())}`
  const named = Object.fromEntries(colourNames.map((name) => [name, rgb(ansi(name))])) as Palette['named']
  return {
    foreground: rgb('--vscode-editor-foreground'),
    background: rgb('--vscode-editor-background'),
    named,
  }
}

function shownContrast(sgr: Sgr, palette: Palette): number {
  const { foreground = palette.foreground, background = palette.background } = shownColours(sgr, palette)
  return contrastRatio(foreground, background)
}

const look = (parameters: string) => applySgr(plainSgr, parameters)
const indexes = Array.from({ length: 256 }, (_, index) => index)

describe.each(themes)('output in the theme %s', (theme) => {
  const palette = paletteOf(theme)
  const poor = (looks: readonly string[]) =>
    looks.filter((parameters) => shownContrast(look(parameters), palette) < 4.5)

  it('can be read in every named and every palette colour, also faint, reversed, and both', () => {
    const named = [
      ...Array.from({ length: 8 }, (_, at) => at + 30),
      ...Array.from({ length: 8 }, (_, at) => at + 90),
    ]
    const colours = [...named.map(String), ...indexes.map((index) => `38;5;${index}`)]
    expect(
      poor(colours.flatMap((colour) => ['', '2;', '7;', '2;7;'].map((with_) => with_ + colour))),
    ).toEqual([])
    expect(poor(['2', '7', '2;7'])).toEqual([])
  })

  it('can be read in every palette colour on every other', () => {
    expect(poor(indexes.flatMap((over) => indexes.map((under) => `38;5;${over};48;5;${under}`)))).toEqual([])
    expect(
      poor(indexes.flatMap((under) => ['', '2;', '7;'].map((with_) => `${with_}48;5;${under}`))),
    ).toEqual([])
  })

  it('can be read in any true colour on any other', () => {
    const level = fc.integer({ min: 0, max: 255 })
    const rgb = fc.tuple(level, level, level)
    fc.assert(
      fc.property(rgb, rgb, fc.constantFrom('', '2;', '7;', '2;7;'), (over, under, with_) => {
        expect(poor([`${with_}38;2;${over.join(';')};48;2;${under.join(';')}`])).toEqual([])
        expect(poor([`${with_}38;2;${over.join(';')}`])).toEqual([])
      }),
    )
  })
})

describe('a colour of output', () => {
  const dark = paletteOf('dark')

  it('stays as the server chose it where it can be read', () => {
    expect(shownColours(look('38;2;1;200;3'), dark)).toEqual({
      foreground: [1, 200, 3],
      background: undefined,
    })
    expect(shownColours(look('38;5;16;48;5;231'), dark)).toEqual({
      foreground: [0, 0, 0],
      background: [255, 255, 255],
    })
  })

  it('is none for plain text, whatever else its look', () => {
    const none = { foreground: undefined, background: undefined }
    expect(shownColours(plainSgr, dark)).toEqual(none)
    expect(shownColours(look('1;3;4;9'), dark)).toEqual(none)
  })

  it('changes no more than it has to, and keeps its hue', () => {
    const [red, green, blue] = readableOn([205, 49, 49], [31, 31, 31])
    expect(red).toBeGreaterThan(205)
    expect(green).toBe(blue)
    expect(contrastRatio([red, green, blue], [31, 31, 31])).toBeLessThan(4.6)
  })

  it('goes to the other side of its background where its own has too little room', () => {
    expect(readableOn([120, 120, 120], [110, 110, 110])[0]).toBeGreaterThan(200)
    // White cannot be read on this one.
    expect(readableOn([140, 140, 140], [130, 130, 130])[0]).toBeLessThan(50)
  })

  it('of faint text is nearer to its background, as far as it can still be read', () => {
    const faint = shownColours(look('2'), dark).foreground ?? dark.foreground
    expect(contrastRatio(faint, dark.background)).toBeLessThan(
      contrastRatio(dark.foreground, dark.background),
    )
  })

  it('that is reversed without a colour swaps those of plain text', () => {
    expect(shownColours(look('7'), dark)).toEqual({
      foreground: dark.background,
      background: dark.foreground,
    })
  })
})

describe('contrast', () => {
  it('is that of WCAG', () => {
    expect(contrastRatio([0, 0, 0], [255, 255, 255])).toBeCloseTo(21, 5)
    expect(contrastRatio([205, 49, 49], [31, 31, 31])).toBeCloseTo(3.2, 1)
    expect(contrastRatio([9, 9, 9], [9, 9, 9])).toBe(1)
  })
})
