import { isValue, lineTokens, type ValueKind } from './lineTokens.ts'
import type { Records } from './records.ts'

/** More lines or values than this are no sentence about one server. */
export const valuesLimits = { lines: 20, values: 40 }

/**
 * The values in the sentences of an output as one record: `up 3 days, 2 users, load average: 0.1, 0.2, 0.3` has *up*,
 * *users*, *load average*, *load average 2* and *load average 3*. A value is named by the words before it, else by those
 * after it, else by what it is.
 * @returns undefined when there is none, or more than a person would look at
 */
export function valuesRecord(lines: readonly string[]): Records | undefined {
  const filled = lines.filter((line) => line.trim() !== '')
  if (filled.length === 0 || filled.length > valuesLimits.lines) return undefined
  const names: string[] = []
  const values: string[] = []
  for (const line of filled)
    for (const { name, value } of namedValues(line)) {
      names.push(name)
      values.push(value)
    }
  if (values.length === 0 || values.length > valuesLimits.values) return undefined
  const used = new Map<string, number>()
  const columns = names.map((name) => {
    const count = (used.get(name) ?? 0) + 1
    used.set(name, count)
    return count === 1 ? name : `${name} ${count}`
  })
  return { kind: 'values', columns, rows: [values] }
}

/** The values of a line, and the texts before the first, between them and after the last. */
function namedValues(line: string): { name: string; value: string }[] {
  const values: { kind: ValueKind; value: string }[] = []
  const texts = ['']
  for (const { kind, text } of lineTokens(line)) {
    if (isValue(kind)) {
      values.push({ kind, value: text })
      texts.push('')
    } else texts[texts.length - 1] += text
  }
  let before = ''
  return values.map(({ kind, value }, index) => {
    const left = partsOf(texts[index] ?? '')
    const right = partsOf(texts[index + 1] ?? '')
    const own = left.at(-1) ?? ''
    // What stands between two values belongs to the first if a comma follows: "2 users,  load average: 0.1".
    const unit = right.length > 1 || index === values.length - 1 ? (right[0] ?? '') : ''
    const isListed = own === '' && unit === '' && before !== ''
    const name = own || unit || (isListed ? before : kindNames[kind])
    before = name
    return { name: name.slice(0, 60), value }
  })
}

/** Parts between commas and brackets; a part that is empty after the last of these counts. */
function partsOf(text: string): string[] {
  return text.split(/[,;()[\]|]/).map((part) => part.replace(/^[\s:=-]+|[\s:=-]+$/gu, ''))
}

const kindNames: Readonly<Record<ValueKind, string>> = {
  number: 'value',
  percent: 'percent',
  size: 'size',
  duration: 'duration',
  clock: 'time',
  date: 'date',
  version: 'version',
  id: 'id',
  address: 'address',
}
