import type { FactIndex, IndexedPath } from '../../protocol/filter/factIndex.ts'

/** A value that agents have at a path. */
export interface KnownValue {
  readonly at: IndexedPath
  /** As it is typed in a filter, without quotes. */
  readonly value: string
}

/** Facts looked up by what people type: without regard to capital letters, and to where in a map they are. */
export interface KnownValues {
  /** Where agents have this value, the most general path first. */
  readonly named: (value: string) => readonly KnownValue[]
  /** Paths that are this, or end or begin with it (`family`, `os`): the closest first. */
  readonly paths: (path: string) => readonly IndexedPath[]
  /** Values of paths that have few, such as roles and zones, the most general path first. */
  readonly choices: readonly KnownValue[]
  /** The most general paths, for spelling mistakes. */
  readonly commonPaths: readonly string[]
}

const made = new WeakMap<FactIndex, KnownValues>()

/** Made once for each index. */
export function knownValues(index: FactIndex): KnownValues {
  const values = made.get(index) ?? readValues(index)
  made.set(index, values)
  return values
}

/** An agent may have any facts: most values that are kept, most paths of one value, and most that are compared letter by letter. */
const mostValues = 200_000
const mostPathsOfValue = 20
const mostChoices = 1_000
const fewValues = 50
const mostCommonPaths = 1_000

function readValues(index: FactIndex): KnownValues {
  const inOrder = [...index.paths.values()]
    .filter(({ path }) => !namesServer.test(nameAtEnd(path)))
    .sort((a, b) => a.path.length - b.path.length || b.agents - a.agents || a.text.length - b.text.length)
  const byValue = new Map<string, KnownValue[]>()
  const byEnd = new Map<string, IndexedPath[]>()
  const choices: KnownValue[] = []
  let room = mostValues
  for (const at of inOrder) {
    const text = at.text.toLowerCase()
    for (const key of new Set([text, text.slice(text.lastIndexOf('.') + 1), text.split('.', 1)[0] ?? '']))
      enter(byEnd, key, at)
    for (const value of at.values.keys()) {
      if (room-- <= 0) break
      enter(byValue, value.toLowerCase(), { at, value })
      if (at.values.size <= fewValues && !at.hasMore && choices.length < mostChoices)
        choices.push({ at, value })
    }
  }
  return {
    named: (value) => byValue.get(value.toLowerCase()) ?? [],
    paths: (path) => {
      const wanted = path.toLowerCase()
      return [...(byEnd.get(wanted) ?? [])].sort((a, b) => rank(a, wanted) - rank(b, wanted))
    },
    choices,
    commonPaths: inOrder.slice(0, mostCommonPaths).map(({ text }) => text),
  }
}

/** Names of servers are looked up among the agents: see `agentNames`. */
const namesServer = /^(hostname|fqdn|certname|instance_id|clientcert)$/i

function nameAtEnd(path: IndexedPath['path']): string {
  const last = path.at(-1)
  return last?.kind === 'name' ? last.name : ''
}

function enter<Found>(map: Map<string, Found[]>, key: string, found: Found): void {
  const others = map.get(key)
  if (others === undefined) map.set(key, [found])
  else if (others.length < mostPathsOfValue) others.push(found)
}

function rank({ text }: IndexedPath, wanted: string): number {
  const lower = text.toLowerCase()
  return lower === wanted ? 0 : lower.endsWith(`.${wanted}`) ? 1 : 2
}
