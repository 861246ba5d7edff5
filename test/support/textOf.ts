/** All pieces as one text. */
export async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  const parts: string[] = []
  for await (const piece of pieces) parts.push(piece)
  return parts.join('')
}
