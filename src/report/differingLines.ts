/** In which lines one output differs from another, whatever their order; each line as often as it is there more often. */
export interface Differences<Line> {
  /** Lines that only this output has, in their order. */
  readonly own: readonly Line[]
  /** Lines that only the other one has, in their order. */
  readonly missing: readonly Line[]
}

/** Takes linear time. @param keyOf the same for lines that count as equal */
export function differingLines<Line>(
  lines: readonly Line[],
  other: readonly Line[],
  keyOf: (line: Line) => string,
): Differences<Line> {
  return { own: without(lines, other, keyOf), missing: without(other, lines, keyOf) }
}

function without<Line>(
  lines: readonly Line[],
  taken: readonly Line[],
  keyOf: (line: Line) => string,
): Line[] {
  const left = new Map<string, number>()
  for (const line of taken) {
    const key = keyOf(line)
    left.set(key, (left.get(key) ?? 0) + 1)
  }
  return lines.filter((line) => {
    const key = keyOf(line)
    const count = left.get(key) ?? 0
    if (count > 0) left.set(key, count - 1)
    return count === 0
  })
}
