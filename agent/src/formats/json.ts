/**
 * Reads JSON as it comes from outside.
 * @throws Error in words, with the line where the parser tells it
 */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const { message } = cause as Error
    const offset = /position (\d+)/.exec(message)?.[1]
    const reason = message.replace(/ in JSON at position \d+.*$/s, '')
    throw new Error(`not valid JSON: ${reason}${offset === undefined ? '' : placeOf(text, Number(offset))}`, {
      cause,
    })
  }
}

/**
 * Reads the JSON that a text begins with.
 * @returns also what follows it
 * @throws Error in words
 */
export function readJsonAtStart(text: string): { readonly value: unknown; readonly rest: string } {
  try {
    return { value: readJson(text), rest: '' }
  } catch (error) {
    const { message } = (error as Error).cause as Error
    const end = /after JSON at position (\d+)/.exec(message)?.[1]
    if (end === undefined) throw error
    return { value: readJson(text.slice(0, Number(end))), rest: text.slice(Number(end)) }
  }
}

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return ` (line ${before.length}, column ${(before.at(-1) as string).length + 1})`
}
