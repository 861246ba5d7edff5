/** Values of the outputs in columns, to be exported beside the replies. An agent may have several rows, or none. */
export interface RunColumns {
  readonly titles: readonly string[]
  rowsOf(agentId: string): readonly (readonly (string | undefined)[])[]
}

/**
 * The columns of a table of rows.
 * @param titles of which two may be equal: a number tells them apart
 */
export function columnsOfRows(
  titles: readonly string[],
  rows: readonly { readonly agentId: string; readonly values: readonly (string | undefined)[] }[],
): RunColumns {
  const byAgent = new Map<string, (readonly (string | undefined)[])[]>()
  for (const { agentId, values } of rows) {
    const own = byAgent.get(agentId)
    if (own === undefined) byAgent.set(agentId, [values])
    else own.push(values)
  }
  return { titles: uniqueTitles(titles, []), rowsOf: (agentId) => byAgent.get(agentId) ?? [] }
}

/** The titles, with a number where another one, or one of `taken`, is the same. */
export function uniqueTitles(titles: readonly string[], taken: readonly string[]): string[] {
  const used = new Set(taken)
  return titles.map((title) => {
    let unique = title
    for (let number = 2; used.has(unique); number += 1) unique = `${title} ${number}`
    used.add(unique)
    return unique
  })
}
