/** How text looks by ANSI's SGR sequences. Blinking and concealed text do not exist here: one distracts, the other hides. */
export interface Sgr {
  readonly foreground: string
  readonly background: string
  /** Of 1 bold, 2 dim, 3 italic, 4 underline, 7 reverse, 9 struck through; in this order. */
  readonly attributes: readonly number[]
}

export const plainSgr: Sgr = { foreground: '', background: '', attributes: [] }

/** Applies the parameters of one `ESC [ … m`, in `;` or `:` form. What is not understood is left out. */
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

/** The sequence that brings this look about whatever was before; nothing for plain text after plain text. */
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
