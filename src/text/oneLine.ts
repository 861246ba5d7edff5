/** The first line, at most `most` characters, with an ellipsis when there is more. */
export function oneLine(text: string, most = 80): string {
  const [line = '', ...more] = text.trim().split(/\s*\r?\n\s*/)
  const characters = [...line]
  const short = characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : line
  return more.length > 0 && !short.endsWith('…') ? `${short} …` : short
}

/** Whether {@link oneLine} shows all of it. */
export function isOneLine(text: string, most?: number): boolean {
  return oneLine(text, most) === text.trim()
}
