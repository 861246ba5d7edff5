import type { Rgb } from './sgr.ts'

/** What WCAG 2 (1.4.3) asks of text, and what the editor's terminal is set to. */
export const readableContrast = 4.5

/** Contrast by WCAG 2: from 1 for the same colour to 21 for black on white. */
export function contrastRatio(one: Rgb, other: Rgb): number {
  const [a, b] = [luminance(one), luminance(other)]
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}

/**
 * The colour nearest to `colour`, on the way to black or to white, that can be read on `background`. It goes further away
 * from the background if that is enough, otherwise to the other side: black or white can be read on any colour.
 */
export function readableOn(colour: Rgb, background: Rgb): Rgb {
  if (contrastRatio(colour, background) >= readableContrast) return colour
  const isDarker = luminance(colour) < luminance(background)
  const [near, far] = isDarker ? [black, white] : [white, black]
  const end = contrastRatio(near, background) >= readableContrast ? near : far
  let [tooNear, enough] = [0, steps]
  while (enough - tooNear > 1) {
    const middle = (tooNear + enough) >> 1
    if (contrastRatio(mix(colour, end, middle / steps), background) >= readableContrast) enough = middle
    else tooNear = middle
  }
  return mix(colour, end, enough / steps)
}

/** @param share of `other`, from 0 to 1 */
export function mix(colour: Rgb, other: Rgb, share: number): Rgb {
  const part = (at: 0 | 1 | 2) => Math.round(colour[at] + (other[at] - colour[at]) * share)
  return [part(0), part(1), part(2)]
}

const black: Rgb = [0, 0, 0]
const white: Rgb = [255, 255, 255]
const steps = 256

/** Relative luminance by WCAG 2: 0 of black, 1 of white. */
function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

function linear(level: number): number {
  const share = level / 255
  return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
}
