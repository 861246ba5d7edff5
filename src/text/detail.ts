/** One of the things that a person must know before they agree to something. */
export interface Detail {
  readonly name: string
  /** Whole, of one or several lines; what cannot be seen stands by its code. */
  readonly value: string
}

/** Characters in a line: editors stop drawing at some length, and dialogs cut. */
const lineWidth = 110

/** `name: value`, one below the other; a value of several lines stands below its name. Nothing is cut. */
export function printDetails(details: readonly Detail[]): string {
  return details
    .map(({ name, value }) => {
      const lines = value.split('\n').flatMap(wrap)
      const [only = ''] = lines
      return lines.length === 1
        ? `${name}: ${only}`
        : [`${name}:`, ...lines.map((line) => `    ${line}`)].join('\n')
    })
    .join('\n')
}

/** In lines that fit; those that go on in the next one say so. */
function wrap(line: string): string[] {
  const characters = [...line]
  if (characters.length <= lineWidth) return [line]
  const lines: string[] = []
  for (let from = 0; from < characters.length; from += lineWidth) {
    const goesOn = from + lineWidth < characters.length ? ' ↩' : ''
    lines.push(`${characters.slice(from, from + lineWidth).join('')}${goesOn}`)
  }
  return lines
}
