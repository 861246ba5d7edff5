import { type Localizable, say } from '../text/localizable.ts'
import type { DeclarationProblem } from './problems.ts'
import {
  behindAlias,
  duplicateKeys,
  type Span,
  toData,
  type YamlEntry,
  type YamlNode,
  type YamlPath,
  type YamlProblem,
} from './yamlTree.ts'

/** The parts of a workspace file: maps whose keys are names. */
export const sections = ['environments', 'sets', 'snippets'] as const

export function isSection(name: unknown): name is Section {
  return sections.some((section) => section === name)
}

/** Problems of one entry that are reported. */
const mostProblems = 100

export type Section = (typeof sections)[number]

export interface EntryRead<Value> {
  readonly name: string
  /** Position of its name. */
  readonly at: Span
  readonly node: YamlNode
  /** Undefined when anything is wrong with it. */
  readonly value: Value | undefined
  readonly data: unknown
  readonly problems: readonly EntryProblem[]
}

export type EntryProblem = YamlProblem & Pick<DeclarationProblem, 'meant'>

/** Reads one value. */
export type Parse<Value> = (
  name: string,
  data: unknown,
) => { readonly value: Value } | { readonly problems: readonly DeclarationProblem[] }

/**
 * Reads the entries of a section one by one: a problem in one leaves the others usable.
 * @param top entries of the file's map
 * @param ofText problems already found in reading the text; `known` is what {@link toData} has read so far
 */
export function readSection<Value>(
  section: Section,
  top: readonly YamlEntry[],
  ofText: readonly YamlProblem[],
  known: Map<YamlNode, unknown>,
  parse: Parse<Value>,
): { readonly entries: readonly EntryRead<Value>[]; readonly problems: readonly YamlProblem[] } {
  const problems: YamlProblem[] = []
  const found = top.filter(({ key }) => key === section)
  for (const { keySpan } of found.slice(1)) {
    problems.push({
      message: say('“{0}” appears twice. Move all entries below one of them.', section),
      at: keySpan,
    })
  }
  const entries = found.flatMap(({ keySpan, value }) => {
    const map = behindAlias(value)
    if (map.kind === 'map') return map.entries
    if (map.kind !== 'nothing')
      problems.push({ message: say('“{0}” must be a map of names.', section), at: keySpan })
    return []
  })
  const own = entries.filter(({ isMerge, keySpan }) => {
    if (isMerge)
      problems.push({ message: say('“<<” works inside an entry, not among the {0}.', section), at: keySpan })
    return !isMerge
  })
  const counts = new Map<string, number>()
  const unread = new Set(ofText.map((problem) => problem.at.start))
  for (const { key } of own) counts.set(key, (counts.get(key) ?? 0) + 1)
  const read = own.map((entry): EntryRead<Value> => {
    const { key: name, keySpan: at, value } = entry
    const data = toData(value, known)
    const parsed = parse(name, data)
    const twins = counts.get(name) ?? 0
    const wrong: EntryProblem[] = [
      ...(twins > 1 ? [{ message: twinsMessage(section, name, twins), at }] : []),
      ...ofText.filter((problem) => isIn(entry, problem.at)),
      ...duplicateKeys(value).map(({ key, keySpan }) => ({
        message: say('“{0}” appears twice.', key),
        at: keySpan,
      })),
      ...('problems' in parsed ? parsed.problems.slice(0, mostProblems) : [])
        .map(({ path, ...problem }) => ({ problem, place: placeIn(entry, path) }))
        // Problems of values that could not be read are reported already.
        .filter(({ place }) => !unread.has(place.value.span.start))
        .map(({ problem, place }) => ({ ...problem, at: place.keySpan })),
    ]
    const isGood = wrong.length === 0 && 'value' in parsed
    return { name, at, node: value, value: isGood ? parsed.value : undefined, data, problems: wrong }
  })
  return { entries: read, problems }
}

function twinsMessage(section: Section, name: string, count: number): Localizable {
  return count === 2
    ? say('Two {0} are named “{1}”. Rename one of them.', section, name)
    : say('{0} {1} are named “{2}”. Rename all but one.', count, section, name)
}

function isIn({ keySpan, value }: YamlEntry, { start }: Span): boolean {
  return keySpan.start <= start && start <= Math.max(keySpan.end, value.span.end)
}

/** The key at the path, where problems are easier to see than under a whole block; otherwise the nearest one above. */
function placeIn(
  place: Pick<YamlEntry, 'keySpan' | 'value'>,
  path: YamlPath,
): Pick<YamlEntry, 'keySpan' | 'value'> {
  const [step, ...rest] = path
  const { value } = place
  const item = value.kind === 'list' && typeof step === 'number' ? value.items[step] : undefined
  if (item !== undefined) return placeIn({ keySpan: item.span, value: item }, rest)
  const inner =
    value.kind === 'map' ? value.entries.find(({ key, isMerge }) => key === step && !isMerge) : undefined
  return inner === undefined ? place : placeIn(inner, rest)
}
