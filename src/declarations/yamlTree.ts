import type { Localizable } from '../text/localizable.ts'

/** Character offsets in the text, end excluded. */
export interface Span {
  readonly start: number
  readonly end: number
}

/**
 * A value of a YAML text with its position. Scalars keep the text as written: `1.50` and `0891` are not numbers until a
 * schema reads them as numbers.
 */
export type YamlNode = { readonly span: Span } & (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'list'; readonly items: readonly YamlNode[] }
  | { readonly kind: 'map'; readonly entries: readonly YamlEntry[] }
  | { readonly kind: 'alias'; readonly of: YamlNode }
)

/** Two entries of a map may have the same key: see {@link YamlProblem}. */
export interface YamlEntry {
  readonly key: string
  readonly keySpan: Span
  readonly value: YamlNode
  /** `<<`, which merges the maps that its value names. */
  readonly isMerge: boolean
}

/** A problem of one value; the others can be read. */
export interface YamlProblem {
  readonly message: Localizable
  readonly at: Span
}

export interface YamlText {
  /** The first document; undefined for a text without one. */
  readonly root: YamlNode | undefined
  readonly problems: readonly YamlProblem[]
}

/**
 * The value as plain data: maps without a prototype, scalars as text or `null`. Of two entries with the same key the
 * first one counts, and an entry has precedence over those merged by `<<`.
 */
export function toData(node: YamlNode, known = new Map<YamlNode, unknown>()): unknown {
  switch (node.kind) {
    case 'text':
      return node.text
    case 'nothing':
      return null
    case 'alias':
      return toData(node.of, known)
    case 'list':
      return remembered(known, node, () => node.items.map((item) => toData(item, known)))
    case 'map':
      return remembered(known, node, () => mapData(node.entries, known))
  }
}

/** Aliases repeat one value in many places; expanded, they might exceed any memory. */
function remembered(known: Map<YamlNode, unknown>, node: YamlNode, make: () => unknown): unknown {
  if (!known.has(node)) known.set(node, make())
  return known.get(node)
}

function mapData(entries: readonly YamlEntry[], known: Map<YamlNode, unknown>): Record<string, unknown> {
  const data: Record<string, unknown> = Object.create(null)
  for (const { key, value, isMerge } of entries) {
    if (!isMerge && !(key in data)) data[key] = toData(value, known)
  }
  for (const { value, isMerge } of entries) {
    for (const map of isMerge ? (mergedMaps(value) ?? []) : []) {
      for (const [key, taken] of Object.entries(toData(map, known) as object)) {
        if (!(key in data)) data[key] = taken
      }
    }
  }
  return data
}

/** The maps that the value of a `<<` names; undefined when it is neither a map nor a list of maps. */
export function mergedMaps(value: YamlNode): readonly YamlNode[] | undefined {
  const node = behindAlias(value)
  const maps = node.kind === 'list' ? node.items.map(behindAlias) : [node]
  return maps.every(({ kind }) => kind === 'map') ? maps : undefined
}

/** The position of one value. `key` is missing for list entries and for the root. */
export interface Position {
  readonly key: Span | undefined
  readonly value: Span
}

export type YamlPath = readonly (string | number)[]

/** The position of the value at a path. Values from an alias or a `<<` have no position of their own. */
export function positionIn(node: YamlNode, path: YamlPath, key?: Span): Position | undefined {
  const [step, ...rest] = path
  if (step === undefined) return { key, value: node.span }
  if (node.kind === 'map') {
    const entry = node.entries.find((each) => each.key === step && !each.isMerge)
    return entry && positionIn(entry.value, rest, entry.keySpan)
  }
  const item = node.kind === 'list' && typeof step === 'number' ? node.items[step] : undefined
  return item && positionIn(item, rest)
}

/** The entries whose key also an earlier entry of the same map has, in this value and below. */
export function duplicateKeys(node: YamlNode): YamlEntry[] {
  if (node.kind === 'list') return node.items.flatMap(duplicateKeys)
  if (node.kind !== 'map') return []
  const seen = new Set<string>()
  return node.entries.flatMap((entry) => {
    const isTwice = seen.has(entry.key)
    seen.add(entry.key)
    return [...(isTwice ? [entry] : []), ...duplicateKeys(entry.value)]
  })
}

export function behindAlias(node: YamlNode): YamlNode {
  return node.kind === 'alias' ? node.of : node
}
