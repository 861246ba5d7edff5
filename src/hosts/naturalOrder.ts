/**
 * Compares names in natural order: `web2` before `web10`, ignoring case and padding. Names that differ only in these
 * are ordered by their characters, so that the order is stable.
 */
export function byNature(a: string, b: string): number {
  return compare(naturalKey(a), naturalKey(b)) || compare(a, b)
}

/** `items` by name, as {@link byNature}: the key of each name is computed once, which matters with 10,000 of them. */
export function inNaturalOrder<T>(items: Iterable<T>, nameOf: (item: T) => string): T[] {
  return Array.from(items, (item) => ({ item, name: nameOf(item), key: naturalKey(nameOf(item)) }))
    .sort((a, b) => compare(a.key, b.key) || compare(a.name, b.name))
    .map(({ item }) => item)
}

/** A sort key: its order by characters is the natural order of `name`. Letters are compared without case and accents. */
export function naturalKey(name: string): string {
  const plain = ascii.test(name) ? name : name.normalize('NFKD').replace(/\p{M}/gu, '')
  return plain.toLowerCase().replace(/\d+/g, writeNumber)
}

/** Puts the number of digits first, itself beginning with a digit, so that the longer number is the larger one. */
function writeNumber(padded: string): string {
  const digits = padded.replace(/^0+(?=\d)/, '')
  return `${'9'.repeat(Math.floor(digits.length / 9))}${digits.length % 9}${digits}`
}

const ascii = /^[\x00-\x7f]*$/

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
