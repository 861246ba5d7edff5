/** Throws an error that begins with the path of the field. */
export type Check = (value: unknown, path: string) => void
export type Fields = Readonly<Record<string, Check>>

function wrong(path: string, what: string): never {
  throw new Error(`${path}: ${what}`)
}

export const text =
  (pattern: RegExp = /^/, most = Number.POSITIVE_INFINITY): Check =>
  (value, path) => {
    if (typeof value !== 'string' || value.length > most || !pattern.test(value))
      wrong(path, 'not such a text')
  }

export const integer =
  (from: number, to: number): Check =>
  (value, path) => {
    if (!Number.isInteger(value) || Number(value) < from || Number(value) > to)
      wrong(path, 'not such a number')
  }

export const truth: Check = (value, path) => {
  if (typeof value !== 'boolean') wrong(path, 'neither true nor false')
}

export const oneOf =
  (...values: readonly unknown[]): Check =>
  (value, path) => {
    if (!values.includes(value)) wrong(path, `none of ${values.join(', ')}`)
  }

export const list =
  (item: Check, most = Number.POSITIVE_INFINITY): Check =>
  (value, path) => {
    if (!Array.isArray(value) || value.length > most) wrong(path, 'not such a list')
    for (const [index, one] of value.entries()) item(one, `${path}.${index}`)
  }

export const pair =
  (first: Check, second: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value) || value.length < 2) wrong(path, 'not a pair')
    first(value[0], `${path}.0`)
    second(value[1], `${path}.1`)
  }

export const map =
  (key: Check, item: Check): Check =>
  (value, path) => {
    for (const [name, one] of Object.entries(objectAt(value, path))) {
      key(name, `${path}.${name}`)
      item(one, `${path}.${name}`)
    }
  }

export const maybe =
  (check: Check): Check =>
  (value, path) => {
    if (value !== undefined) check(value, path)
  }

/** An object with at least these fields. */
export const object =
  (fields: Fields): Check =>
  (value, path) => {
    const found = objectAt(value, path)
    for (const [name, check] of Object.entries(fields))
      check(found[name], path === '' ? name : `${path}.${name}`)
  }

/** An object with a `kind`, and the fields of that. */
export const byKind =
  (kinds: Readonly<Record<string, Fields>>): Check =>
  (value, path) => {
    const { kind } = objectAt(value, path)
    const fields = typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
    object(fields ?? wrong(`${path}.kind`, 'not known'))(value, path)
  }

export function objectAt(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) wrong(path, 'not an object')
  return value as Record<string, unknown>
}
