/** The first line, at most `most` characters, with an ellipsis when there is more. */
export function oneLine(text: string, most = 80): string {
  const whole = text.trim()
  const end = whole.indexOf('\n')
  const line = end === -1 ? whole : whole.slice(0, end).trimEnd()
  const characters = [...line]
  const short = characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : line
  return end !== -1 && !short.endsWith('…') ? `${short} …` : short
}

/** Whether {@link oneLine} shows all of it. */
export function isOneLine(text: string, most?: number): boolean {
  return oneLine(text, most) === text.trim()
}
