import { type ReplyPattern, valueSeparator } from './replyPattern.ts'
import { type Spread, SpreadCollector } from './spread.ts'

/**
 * How much replies must have in common to be a group. `identical`: verdict, exit code and output, to the byte. `pattern`:
 * the same words in the same order, values may differ. `shape`: as `pattern`, and a run of lines of one pattern may have
 * any length. Each level joins groups of the one before and never parts them.
 */
export type Level = 'identical' | 'pattern' | 'shape'

export const levels: readonly Level[] = ['identical', 'pattern', 'shape']

/** A reply that has ended, as far as grouping needs it. */
export interface Answer {
  readonly agentId: string
  /** Verdict and its details. Answers never share a group across different ends. */
  readonly end: string
  /** Equal for outputs that are equal to the byte; undefined when a part is missing, which makes it equal to no other. */
  readonly output: string | undefined
  /** Undefined when the output was not looked at, or has a part missing: only identical answers agree then. */
  readonly pattern: ReplyPattern | undefined
}

export interface AgreeingAnswers {
  /** The same for the same answers, in whatever order they came. */
  readonly key: string
  readonly agentIds: readonly string[]
  /** How many outputs are in it that are not identical. */
  readonly originals: number
}

/** Finds out which answers agree, and in what their values differ. */
export class Agreement {
  readonly #answers = new Map<string, Answer>()
  /** Of each pattern (by its `own` key), the values at its places. */
  readonly #spreads = new Map<string, SpreadCollector[]>()
  /** Patterns whose spread holds values of an answer that has changed since. */
  readonly #stale = new Set<string>()

  /** Takes an answer in, in place of an earlier one of the same agent. */
  set(answer: Answer): void {
    const before = this.#answers.get(answer.agentId)
    this.#answers.set(answer.agentId, answer)
    if (before?.pattern !== undefined) this.#stale.add(before.pattern.own)
    if (answer.pattern !== undefined) this.#collect(answer.pattern)
  }

  get size(): number {
    return this.#answers.size
  }

  /** All groups at a level, in no order that means anything. */
  groups(level: Level): AgreeingAnswers[] {
    const joined = new DisjointSets()
    for (const answer of this.#answers.values()) {
      const keys = keysAt(level, answer)
      for (const key of keys) joined.join(keys[0] as string, key)
    }
    const members = new Map<string, { agentIds: string[]; originals: Set<string>; keys: Set<string> }>()
    for (const answer of this.#answers.values()) {
      const [first = ''] = keysAt(level, answer)
      const root = joined.rootOf(first)
      const group = members.get(root) ?? { agentIds: [], originals: new Set(), keys: new Set() }
      members.set(root, group)
      group.agentIds.push(answer.agentId)
      group.originals.add(keysAt('identical', answer)[0] as string)
      group.keys.add(first)
    }
    return [...members.values()].map(({ agentIds, originals, keys }) => ({
      key: [...keys].sort()[0] as string,
      agentIds,
      originals: originals.size,
    }))
  }

  /**
   * The first level at which the groups are few enough to say something: at most 5, or a tenth of the answers. Undefined
   * when nearly all answers are unique at every level.
   */
  suggestedLevel(): Level | undefined {
    const enough = Math.max(5, Math.floor(this.#answers.size / 10))
    return levels.find((level) => this.groups(level).length <= enough)
  }

  /** Of each place of the pattern of these answers. Empty when they do not have one pattern with as many places. */
  spreads(agentIds: readonly string[]): readonly Spread[] {
    const patterns = new Set<string>()
    for (const agentId of agentIds) {
      const own = this.#answers.get(agentId)?.pattern?.own
      if (own === undefined) return []
      patterns.add(own)
    }
    const all = [...patterns].map((own) => this.#fresh(own))
    const [first, ...others] = all
    if (first === undefined || others.some(({ length }) => length !== first.length)) return []
    const merged = others.length === 0 ? first : first.map(() => new SpreadCollector())
    if (others.length > 0)
      for (const part of all) for (const [index, place] of part.entries()) merged[index]?.merge(place)
    return merged.flatMap(({ spread }) => (spread === undefined ? [] : [spread]))
  }

  /** The values of an agent's answer, in order of their places. */
  values(agentId: string): readonly string[] {
    return valuesOf(this.#answers.get(agentId)?.pattern)
  }

  #collect(pattern: ReplyPattern): void {
    const values = valuesOf(pattern)
    const places = this.#spreads.get(pattern.own) ?? values.map(() => new SpreadCollector())
    this.#spreads.set(pattern.own, places)
    for (const [index, value] of values.entries()) places[index]?.add(value)
  }

  #fresh(own: string): readonly SpreadCollector[] {
    if (this.#stale.delete(own)) {
      this.#spreads.delete(own)
      for (const { pattern } of this.#answers.values()) if (pattern?.own === own) this.#collect(pattern)
    }
    return this.#spreads.get(own) ?? []
  }
}

function valuesOf(pattern: ReplyPattern | undefined): readonly string[] {
  return pattern === undefined || pattern.values === '' ? [] : pattern.values.split(valueSeparator)
}

/** Answers with any key in common agree. All keys of an answer begin with how it ended. */
function keysAt(level: Level, { agentId, end, output, pattern }: Answer): string[] {
  const identical = `${end}\n=${output ?? `${agentId}\n?`}`
  if (level === 'identical' || pattern === undefined) return [identical]
  if (level === 'pattern') return [`${end}\nplain ${pattern.plain}`, `${end}\nown ${pattern.own}`, identical]
  return [
    `${end}\nplain shape ${pattern.plainShape}`,
    `${end}\nown shape ${pattern.ownShape}`,
    `${end}\nplain ${pattern.plain}`,
    `${end}\nown ${pattern.own}`,
    identical,
  ]
}

/** Sets of keys that are joined step by step; which keys are in one set does not depend on the order of the steps. */
class DisjointSets {
  readonly #parents = new Map<string, string>()

  rootOf(key: string): string {
    let root = key
    for (let parent = this.#parents.get(root); parent !== undefined; parent = this.#parents.get(root))
      root = parent
    for (let at = key; at !== root; ) {
      const next = this.#parents.get(at) as string
      this.#parents.set(at, root)
      at = next
    }
    return root
  }

  join(one: string, other: string): void {
    const [root, into] = [this.rootOf(one), this.rootOf(other)]
    if (root !== into) this.#parents.set(root, into)
  }
}
