/**
 * Compares names with numbers in them as people do: `web2` before `web10`, whatever the case and the padding. Names
 * that differ in these only come in the order of their characters, so that the order is the same each time.
 */
export function byNature(a: string, b: string): number {
  return compare(naturalKey(a), naturalKey(b)) || compare(a, b)
}

/** `items` by the name of each, as {@link byNature}: each name is looked at once, which counts with 10,000 of them. */
export function inNaturalOrder<T>(items: Iterable<T>, nameOf: (item: T) => string): T[] {
  return Array.from(items, (item) => ({ item, name: nameOf(item), key: naturalKey(nameOf(item)) }))
    .sort((a, b) => compare(a.key, b.key) || compare(a.name, b.name))
    .map(({ item }) => item)
}

/** A text whose order by its characters is the natural one of `name`. Letters are compared without case and accents. */
export function naturalKey(name: string): string {
  const plain = ascii.test(name) ? name : name.normalize('NFKD').replace(/\p{M}/gu, '')
  return plain.toLowerCase().replace(/\d+/g, writeNumber)
}

/** How many digits there are goes first, itself beginning with a digit, so that the longer number is the larger one. */
function writeNumber(padded: string): string {
  const digits = padded.replace(/^0+(?=\d)/, '')
  return `${'9'.repeat(Math.floor(digits.length / 9))}${digits.length % 9}${digits}`
}

const ascii = /^[\x00-\x7f]*$/

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
