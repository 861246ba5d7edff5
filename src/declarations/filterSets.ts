import * as v from 'valibot'
import { unfoldHosts } from '../hosts/hostFolding.ts'
import { type FilterSets, isSetName, type SetMeaning } from '../protocol/filter/filterSets.ts'
import { FILTER_LIMITS } from '../protocol/filter/lexicon.ts'
import { parseFilter } from '../protocol/filter/parse.ts'
import { printFilter } from '../protocol/filter/print.ts'
import { anyOf, type Condition, type OneOrMore, type Value } from '../protocol/filter/syntax.ts'
import { type Localizable, LocalizableError, say, sentenceOf } from '../text/localizable.ts'
import { Text } from './declaredValues.ts'

/** A named set of agents: a filter, or a list of host names and instance ids. */
export const SetDeclaration = v.pipe(
  v.union([Text, v.array(Text)], say('a filter, or a list of host names').text),
  v.metadata({ anyOf: undefined, type: ['string', 'array'], items: { type: ['string', 'number'] } }),
)

export type SetDeclaration = v.InferOutput<typeof SetDeclaration>

/** Sets that a set may be made of, one in another. */
const mostNested = 20

/** The sets of a workspace file. A set that cannot be used says why; the others can. */
export function readSets(declared: ReadonlyMap<string, SetDeclaration>): FilterSets {
  const known = new Map<string, SetMeaning>()
  const names = [...declared.keys()]
  const meaningOf = (name: string, trail: readonly string[]): SetMeaning | undefined => {
    const declaration = declared.get(name)
    const ready = known.get(name)
    if (declaration === undefined || ready !== undefined) return ready
    if (trail.includes(name)) {
      const circle = [...trail.slice(trail.indexOf(name)), name].map((set) => `@${set}`).join(' → ')
      return { kind: 'unusable', why: say('These sets refer to each other in a circle: {0}.', circle) }
    }
    if (trail.length > mostNested)
      return { kind: 'unusable', why: say('Sets are nested more than {0} levels deep.', mostNested) }
    const meaning = readSet(name, declaration, {
      names,
      meaningOf: (inner) => meaningOf(inner, [...trail, name]),
    })
    // In a circle, each set is judged for itself.
    if (meaning.kind === 'condition' || trail.length === 0) known.set(name, meaning)
    return meaning
  }
  return { names, meaningOf: (name) => meaningOf(name, []) }
}

/** The sets of several files. A name that two of them give different meanings has none. */
export function mergedSets(files: readonly FilterSets[]): FilterSets {
  const merged = new Map<string, SetMeaning>()
  for (const { names, meaningOf } of files) {
    for (const name of names) {
      const meaning = meaningOf(name)
      if (meaning === undefined) continue
      const other = merged.get(name)
      const isSame = other === undefined || (other.kind === 'condition' && same(other, meaning))
      const why = say('Several workspace files have a set “{0}”. Rename all but one.', name)
      merged.set(name, isSame ? meaning : unusable(why))
    }
  }
  return { names: [...merged.keys()], meaningOf: (name) => merged.get(name) }
}

function same(a: SetMeaning, b: SetMeaning): boolean {
  return a.kind === 'condition' && b.kind === 'condition' && a.text === b.text
}

function readSet(name: string, declaration: SetDeclaration, sets: FilterSets): SetMeaning {
  if (!isSetName(name))
    return unusable(say('The name of a set has 1 to 64 letters, digits, _ and -, and begins with no -.'))
  try {
    const filter =
      typeof declaration === 'string' ? parseFilter(declaration, sets) : conditionOfNames(declaration)
    if (filter.kind === 'everyone')
      return unusable(say('A set cannot be *: to target every agent, write * as the whole filter.'))
    const text = printFilter(filter)
    parseFilter(text)
    return { kind: 'condition', condition: filter, text }
  } catch (error) {
    if (error instanceof LocalizableError) return unusable(sentenceOf(error))
    throw error
  }
}

/** Names as agents have them: instance ids by the fact `ec2.instance_id`, all others by `hostname`. */
function conditionOfNames(list: readonly string[]): Condition {
  const names = [...new Set(list.flatMap(unfolded))]
  const ids = names.filter((name) => instanceId.test(name))
  const hosts = names.filter((name) => !instanceId.test(name))
  const parts = [
    ...chunks(hosts.map(nameValue)).map((values) => equals(['hostname'], values)),
    ...chunks(ids.map(nameValue)).map((values) => equals(['ec2', 'instance_id'], values)),
  ]
  const [first, ...rest] = parts
  if (first === undefined) throw new LocalizableError(say('The list of this set is empty.'))
  return anyOf([first, ...rest])
}

const instanceId = /^i-[0-9a-f]{8,17}$/

function unfolded(entry: string): string[] {
  try {
    return unfoldHosts(entry, FILTER_LIMITS.textLength)
  } catch (error) {
    throw new LocalizableError(say('“{0}” is not a host name: {1}.', entry, sentenceOf(error)))
  }
}

function nameValue(name: string): Value {
  if (/^[*?.]+$/.test(name))
    throw new LocalizableError(say('“{0}” would be every agent. Write * as the whole filter instead.', name))
  return /[*?]/.test(name) ? { kind: 'glob', pattern: name } : { kind: 'exact', text: name }
}

function chunks(values: readonly Value[]): OneOrMore<Value>[] {
  const found: OneOrMore<Value>[] = []
  for (let start = 0; start < values.length; start += FILTER_LIMITS.values) {
    const [first, ...rest] = values.slice(start, start + FILTER_LIMITS.values)
    if (first !== undefined) found.push([first, ...rest])
  }
  return found
}

function equals(path: OneOrMore<string>, values: OneOrMore<Value>): Condition {
  const [first, ...rest] = path
  const name = (text: string) => ({ kind: 'name', name: text }) as const
  return { kind: 'equals', path: [name(first), ...rest.map(name)], values }
}

function unusable(why: Localizable): SetMeaning {
  return { kind: 'unusable', why }
}
