import type { FactValue } from '../facts.ts'

/**
 * Compares a fact with the number or version of a filter: below 0, 0 or above 0; undefined where the two cannot be
 * compared. A fact that is a number compares as a number; a fact that is text compares as a version (where whole numbers
 * order as numbers), or as a number where one of the two is negative or a percentage.
 */
export function compareToBound(fact: FactValue, bound: string): number | undefined {
  if (typeof fact !== 'number' && typeof fact !== 'string') return undefined
  const text = String(fact)
  if (typeof fact === 'number' || SIGNED_OR_PERCENT.test(text) || SIGNED_OR_PERCENT.test(bound)) {
    const left = typeof fact === 'number' ? fact : decimalOf(text)
    const right = decimalOf(bound)
    if (left !== undefined && right !== undefined) return Math.sign(left - right)
  }
  return isVersion(text) && isVersion(bound) ? compareVersions(text, bound) : undefined
}

/** Whether this text can be compared by `<`, `<=`, `>` or `>=`: a number, a percentage or a version. */
export function isOrderable(text: string): boolean {
  return isVersion(text) || decimalOf(text) !== undefined
}

/** A decimal number as it is typed; undefined for other text. A `%` after it is allowed. */
export function decimalOf(text: string): number | undefined {
  return text.length <= LONGEST && DECIMAL.test(text) ? Number.parseFloat(text) : undefined
}

/**
 * Orders two versions. The leading numbers compare one by one; a missing one is 0 (`9` = `9.0`). After them, runs of
 * digits and of letters compare one by one: `~` and the words of pre-releases (alpha, beta, rc, pre …) come before the
 * end, the end before other words (alphabetically), and these before numbers. A leading `1:` is an epoch.
 */
export function compareVersions(left: string, right: string): number {
  const a = partsOf(left)
  const b = partsOf(right)
  for (let i = 0; i < Math.max(a.release.length, b.release.length); i++) {
    const order = compareDigits(a.release[i] ?? '', b.release[i] ?? '')
    if (order !== 0) return order
  }
  for (let i = 0; i < Math.max(a.rest.length, b.rest.length); i++) {
    const order = compareRuns(a.rest[i], b.rest[i])
    if (order !== 0) return order
  }
  return 0
}

/** Longer text is not compared as a version or number; facts of real systems stay far below. */
const LONGEST = 256
const DECIMAL = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d{1,3})?%?$/i
const SIGNED_OR_PERCENT = /^[+-]|%$/
const VERSION = /^v?\d[\w.:+~-]*$/i
const PRE_RELEASE = /^(?:alpha|beta|rc|cr|pre|preview|dev|snapshot|nightly|milestone)$/

function isVersion(text: string): boolean {
  return text.length <= LONGEST && VERSION.test(text)
}

function partsOf(version: string): { release: string[]; rest: string[] } {
  const [, epoch = '0', numbers = '', tail = ''] =
    /^v?(?:(\d+):(?=\d))?(\d+(?:\.\d+)*)(.*)$/i.exec(version) ?? []
  return { release: [epoch, ...numbers.split('.')], rest: tail.toLowerCase().match(/~|\d+|[a-z]+/g) ?? [] }
}

/** Runs of digits of any length; '' is 0. */
function compareDigits(left: string, right: string): number {
  const a = left.replace(/^0+/, '')
  const b = right.replace(/^0+/, '')
  return Math.sign(a.length - b.length) || compareText(a, b)
}

function compareRuns(left: string | undefined, right: string | undefined): number {
  const order = rankOf(left) - rankOf(right)
  if (order !== 0) return Math.sign(order)
  if (left === undefined || right === undefined) return 0
  return /^\d/.test(left) ? compareDigits(left, right) : compareText(left, right)
}

function rankOf(run: string | undefined): number {
  if (run === '~') return 0
  if (run === undefined) return 2
  if (/^\d/.test(run)) return 4
  return PRE_RELEASE.test(run) ? 1 : 3
}

function compareText(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1
}
