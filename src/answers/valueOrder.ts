import { byNature } from '../hosts/naturalOrder.ts'
import { lineTokens, type ValueKind } from './lineTokens.ts'

/** A value as something to compare: a number in a base unit, or its text. Values of different families do not compare. */
export interface ComparableValue {
  readonly family: 'quantity' | 'duration' | 'date' | 'text'
  /** Bytes for sizes, milliseconds for durations and dates (since the epoch), else as it is. */
  readonly number?: number
}

/** What a printed value is. Blanks around it are ignored; text that is no single value compares as text. */
export function comparableValue(printed: string): ComparableValue {
  const tokens = lineTokens(printed.trim())
  const [only] = tokens
  if (only === undefined || tokens.length !== 1) return asText
  const read = readers[only.kind as ValueKind]
  const number = read?.(only.text)
  if (number === undefined || !Number.isFinite(number)) return asText
  return { family: families[only.kind as ValueKind] ?? 'quantity', number }
}

const asText: ComparableValue = { family: 'text' }

const families: Partial<Record<ValueKind, ComparableValue['family']>> = {
  duration: 'duration',
  clock: 'duration',
  date: 'date',
}

const readers: Partial<Record<ValueKind, (text: string) => number | undefined>> = {
  number: plainNumber,
  percent: (text) => plainNumber(text.slice(0, -1)),
  size: sizeInBytes,
  duration: durationInMs,
  clock: clockInMs,
  date: dateInMs,
}

/**
 * For sorting what people see: numbers by their size, in base units, before text; text in natural order; no value
 * (`undefined`, or empty) last. Equal numbers are in the order of their text, so that the order is always the same.
 */
export function byValue(one: string | undefined, other: string | undefined): number {
  const [first, second] = [orderKey(one), orderKey(other)]
  return Number(first.isEmpty) - Number(second.isEmpty) || byOrderKey(first, second)
}

/** A value made ready for sorting many: see `byValue`. */
export interface OrderKey {
  readonly isEmpty: boolean
  readonly isNumber: boolean
  readonly rank: number
  readonly number: number
  readonly text: string
}

export function orderKey(printed: string | undefined): OrderKey {
  const { family, number } = comparableValue(printed ?? '')
  return {
    ...{ isEmpty: (printed ?? '').trim() === '', isNumber: number !== undefined },
    ...{ rank: rank[family], number: number ?? 0, text: printed ?? '' },
  }
}

/** As `byValue`, for values that are not empty. */
export function byOrderKey(one: OrderKey, other: OrderKey): number {
  return one.rank - other.rank || one.number - other.number || byNature(one.text, other.text)
}

const rank = { quantity: 0, duration: 1, date: 2, text: 3 }

/** `1,234,567`, `0,5`: a comma before exactly three digits, again and again, separates thousands. */
function plainNumber(text: string): number | undefined {
  const isGrouped = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(text)
  const number = Number(isGrouped ? text.replaceAll(',', '') : text.replace(',', '.'))
  return Number.isNaN(number) ? undefined : number
}

/** `K` and `KiB` are 1,024 bytes as `df -h`, `free -h` and `du -h` print them; `kB` is 1,000. Of a rate: bytes a second. */
function sizeInBytes(text: string): number | undefined {
  const parts = /^([+-]?[\d.,]+) ?(?:([kKMGTPE])(i?)([Bb]?)|B|bytes?)(?:\/s|ps)?$/.exec(text)
  const amount = parts && plainNumber(parts[1] as string)
  if (parts === null || amount === undefined || amount === null) return undefined
  const [, , prefix, binary, unit] = parts
  if (prefix === undefined) return amount
  const base = unit !== '' && binary === '' ? 1000 : 1024
  return amount * base ** ('KMGTPE'.indexOf(prefix.toUpperCase()) + 1)
}

const unitsMs: Readonly<Record<string, number>> = {
  n: 1e-6,
  u: 1e-3,
  µ: 1e-3,
  μ: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  mo: 30 * 86_400_000,
  y: 365 * 86_400_000,
}

/** `3 days, 10:37`, `14 min`, `1d2h`, `250ms`, "About an hour". A month counts 30 days, a year 365. */
function durationInMs(text: string): number | undefined {
  let sum = 0
  const about = /^(?:About|Less than) an? ([a-z]+)$/.exec(text)
  if (about !== null) return unitOf(about[1] as string)
  const days = /^(\d+ days?),\s+(\d+:.*)$/.exec(text)
  if (days !== null) {
    const clock = clockInMs(days[2] as string)
    const before = durationInMs(days[1] as string)
    return clock === undefined || before === undefined ? undefined : before + clock
  }
  for (const [, amount, unit] of text.matchAll(/([+-]?\d+(?:\.\d+)?) ?([a-zµμ]+)/g)) {
    const ms = unitOf(unit as string)
    if (ms === undefined) return undefined
    sum += Number(amount) * ms
  }
  return sum
}

function unitOf(unit: string): number | undefined {
  const name = unit.startsWith('mo') ? 'mo' : unit === 'ms' ? 'ms' : (unit[0] as string)
  return unitsMs[name]
}

/** Since midnight, or how long: `10:37` is hours and minutes, `10:37:05` has seconds, too. */
function clockInMs(text: string): number | undefined {
  const parts = /^(\d{1,2}):(\d{2})(?::(\d{2}(?:[.,]\d+)?))?(?: ?([AaPp])[Mm])?$/.exec(text)
  if (parts === null) return undefined
  const [, hours, minutes, seconds = '0', half] = parts
  const hour =
    half === undefined ? Number(hours) : (Number(hours) % 12) + (half.toLowerCase() === 'p' ? 12 : 0)
  return (hour * 3600 + Number(minutes) * 60 + Number(seconds.replace(',', '.'))) * 1000
}

/** Without a year all dates are taken to be of the same; `28/11/2026` has the day first if that can be. */
function dateInMs(text: string): number | undefined {
  const log = /^(\d{1,2})\/([A-Z][a-z]{2})\/(\d{4})(?::(\S+)(?: (\S+))?)?$/.exec(text)
  const numeric = /^(\d{1,2})[/.](\d{1,2})[/.](\d{4})(.*)$/.exec(text)
  let readable = text.replace(/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? /, '').replace(',', '.')
  if (log !== null) readable = `${log[1]} ${log[2]} ${log[3]} ${log[4] ?? ''} ${log[5] ?? ''}`.trim()
  else if (numeric !== null) {
    const [, one, two, year, rest] = numeric
    const isMonthFirst = Number(two) > 12
    const [month, day] = isMonthFirst ? [one, two] : [two, one]
    readable = `${year}-${month?.padStart(2, '0')}-${day?.padStart(2, '0')}${rest}`
  }
  const ms = Date.parse(readable)
  return Number.isNaN(ms) ? undefined : ms
}
