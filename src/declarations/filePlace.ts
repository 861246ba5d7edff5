import { type KeyedThing, knownKeys } from './knownKeys.ts'
import { sections } from './sectionEntries.ts'
import { parseWorkspaceFile } from './workspaceFile.ts'
import type { Span, YamlPath } from './yamlTree.ts'

/** What is at a position of a workspace file, for completion and hover. */
export type FilePlace =
  /** A key, or the place for one: of the file, of an environment, of a snippet, of one of its inputs, … */
  | { readonly kind: 'key'; readonly of: KeyedThing; readonly taken: readonly string[] }
  /** A value, or the place for one. `text` is what is before the position, `start` where the value begins. */
  | {
      readonly kind: 'value'
      readonly key: string
      readonly of: KeyedThing
      readonly text: string
      readonly start: number
    }

/**
 * What can be written at `offset`. Works line by line, by indentation, since the text is not YAML while it is being typed.
 * @returns undefined in comments, in block scalars and in flow style
 */
export function placeAt(text: string, offset: number): FilePlace | undefined {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1
  const before = text.slice(lineStart, offset)
  if (/(^|\s)#/.test(before)) return undefined
  const parents = parentsOf(text.slice(0, lineStart), /^ */.exec(before)?.[0].length ?? 0)
  if (parents === undefined) return undefined
  const of = thingAt(parents.map(({ key }) => key))
  if (of === undefined) return undefined
  const value = /^( *)(["']?)([^:#]+?)\2:\s+(.*)$/.exec(before)
  if (value !== null) {
    const [, , , key = '', typed = ''] = value
    return { kind: 'value', key, of, text: typed, start: offset - typed.length }
  }
  if (!/^ *[\w-]*$/.test(before)) return undefined
  return { kind: 'key', of, taken: siblingsAt(text, lineStart, before.search(/\S|$/)) }
}

/** The path of the environment or snippet around `offset`, with the key there if it is on one. */
export function pathAt(text: string, offset: number): YamlPath | undefined {
  const { names, locate } = parseWorkspaceFile(text)
  const isAt = (path: YamlPath) => {
    const position = locate(path)
    return (
      position?.key !== undefined && contains({ start: position.key.start, end: position.value.end }, offset)
    )
  }
  for (const section of sections) {
    const path = names[section].map((name) => [section, name]).find(isAt)
    if (path === undefined) continue
    const inner = knownKeys[thingOf[section]].find(({ key }) => isAt([...path, key]))
    return inner === undefined ? path : [...path, inner.key]
  }
  return undefined
}

const thingOf = { environments: 'environment', sets: 'sets', snippets: 'snippet' } as const

interface Parent {
  readonly key: string
  readonly indent: number
}

/** The less indented keys above a line, outermost first; undefined inside a block scalar. */
function parentsOf(textAbove: string, indent: number): Parent[] | undefined {
  const parents: Parent[] = []
  let limit = indent
  for (const line of textAbove.split('\n').reverse()) {
    const match = /^( *)(["']?)([^\s#:][^:]*?)\2:\s*([|>][+-]?\d*)?\s*(#.*)?(\S.*)?$/.exec(line)
    if (match === null) continue
    const [, spaces = '', , key = '', block] = match
    if (spaces.length >= limit) continue
    if (block !== undefined) return undefined
    parents.unshift({ key, indent: spaces.length })
    limit = spaces.length
  }
  return parents
}

function thingAt(parents: readonly string[]): KeyedThing | undefined {
  const [section, , third] = parents
  if (section === undefined) return 'file'
  if (section === 'sets') return parents.length === 1 ? 'sets' : undefined
  if (section === 'environments') {
    if (parents.length === 2) return 'environment'
    if (parents.length === 3 && (third === 'queues' || third === 'rollout')) return third
  }
  if (section === 'snippets') {
    if (parents.length === 2) return 'snippet'
    if (parents.length === 3 && (third === 'rollout' || third === 'view')) return third
    if (parents.length === 4 && third === 'inputs') return 'input'
  }
  return undefined
}

/** The keys of the surrounding lines with the same indentation, up to a less indented line. */
function siblingsAt(text: string, lineStart: number, indent: number): string[] {
  const above = text.slice(0, lineStart).split('\n').slice(0, -1).reverse()
  const below = text.slice(lineStart).split('\n').slice(1)
  return [...keysUntilDedent(above, indent), ...keysUntilDedent(below, indent)]
}

function keysUntilDedent(lines: readonly string[], indent: number): string[] {
  const keys: string[] = []
  for (const line of lines) {
    if (line.trim() === '' || line.trim().startsWith('#')) continue
    const depth = /^ */.exec(line)?.[0].length ?? 0
    if (depth < indent) break
    const key = /^ *(["']?)([^:]+?)\1:/.exec(line)?.[2]
    if (depth === indent && key !== undefined) keys.push(key)
  }
  return keys
}

function contains({ start, end }: Span, offset: number): boolean {
  return start <= offset && offset <= end
}
