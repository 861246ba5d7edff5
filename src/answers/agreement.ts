import { fewGroups } from './leadingPane.ts'
import { type Level, levels } from './level.ts'
import { PatternSpreads } from './patternSpreads.ts'
import type { ReplyPattern } from './replyPattern.ts'
import { type Spread, SpreadCollector } from './spread.ts'

/** A reply that has ended, or several that are identical, as far as grouping needs it. */
export interface Answer {
  readonly id: string
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
  readonly ids: readonly string[]
  /** How many outputs are in it that are not identical. */
  readonly originals: number
}

/** Finds out which answers agree, and in what their values differ. */
export class Agreement {
  readonly #answers = new Map<string, KeyedAnswer>()
  /** Of each pattern (by its `own` key), the values at its places. */
  readonly #spreads = new Map<string, PatternSpreads>()
  /** Patterns whose spread holds values of an answer that has changed since. */
  readonly #stale = new Set<string>()
  /** Of the answers as they are: to choose a level and to show it asks for the groups of each more than once. */
  readonly #groups = new Map<Level, AgreeingAnswers[]>()
  #sets = startSets()
  #isJoined = true

  /** Takes an answer in, in place of an earlier one with the same id. */
  set(answer: Answer): void {
    this.delete(answer.id)
    const keyed = { ...answer, keys: keysOf(answer) }
    this.#answers.set(answer.id, keyed)
    this.#join(keyed)
    if (answer.pattern !== undefined) this.#collect(answer.pattern)
  }

  delete(id: string): void {
    const before = this.#answers.get(id)
    if (before?.pattern !== undefined) {
      this.#stale.add(before.pattern.own)
      // What it has joined may be apart without it.
      this.#isJoined = false
    }
    this.#answers.delete(id)
    this.#groups.clear()
  }

  has(id: string): boolean {
    return this.#answers.has(id)
  }

  get size(): number {
    return this.#answers.size
  }

  /** All groups at a level, in no order that means anything. */
  groups(level: Level): readonly AgreeingAnswers[] {
    const known = this.#groups.get(level) ?? this.#joined(level)
    this.#groups.set(level, known)
    return known
  }

  /** How many groups there are at a level. */
  count(level: Level): number {
    if (level !== 'identical') return this.groups(level).length
    return new Set([...this.#answers.values()].map(({ keys }) => keys.identical[0])).size
  }

  #joined(level: Level): AgreeingAnswers[] {
    this.#joinAll()
    const sets = this.#sets[level]
    const members = new Map<string, { ids: string[]; originals: Set<string>; keys: Set<string> }>()
    for (const { id, keys } of this.#answers.values()) {
      const first = keys[level][0] as string
      const root = sets.rootOf(first)
      const group = members.get(root) ?? { ids: [], originals: new Set(), keys: new Set() }
      members.set(root, group)
      group.ids.push(id)
      group.originals.add(keys.identical[0] as string)
      group.keys.add(first)
    }
    return [...members.values()].map(({ ids, originals, keys }) => ({
      key: [...keys].sort()[0] as string,
      ids,
      originals: originals.size,
    }))
  }

  /**
   * The first level at which the groups are few enough to say something: at most 5, or a tenth of the answers. Undefined
   * when nearly all answers are unique at every level.
   */
  suggestedLevel(): Level | undefined {
    const few = fewGroups(this.#answers.size)
    return levels.find((level) => this.count(level) <= few)
  }

  /**
   * How the values of these answers spread, by the places of their pattern; only at `places` if they are given. Empty when
   * they do not have one pattern with as many places.
   */
  spreads(ids: readonly string[], places?: readonly number[]): readonly (Spread | undefined)[] {
    const patterns = new Set<string>()
    for (const id of ids) {
      const own = this.#answers.get(id)?.pattern?.own
      if (own === undefined) return []
      patterns.add(own)
    }
    const all = [...patterns].flatMap((own) => this.#fresh(own) ?? [])
    const [first] = all
    if (first === undefined || all.some(({ count }) => count !== first.count)) return []
    const wanted = places?.filter((place) => place < first.count) ?? [...Array(first.count).keys()]
    const collected = all.map((one) => one.at(wanted))
    const spreads: (Spread | undefined)[] = Array.from({ length: first.count })
    for (const place of wanted) {
      const [only, ...others] = collected.flatMap((one) => one.get(place) ?? [])
      const merged = others.length === 0 ? only : new SpreadCollector()
      if (others.length > 0) for (const one of [only, ...others]) if (one !== undefined) merged?.merge(one)
      spreads[place] = merged?.spread
    }
    return spreads
  }

  /** Keys are joined as answers come: to begin from nothing for each look would take all the time of the editor. */
  #join({ keys }: KeyedAnswer): void {
    for (const level of levels)
      for (const key of keys[level].slice(1)) this.#sets[level].join(keys[level][0] as string, key)
  }

  #joinAll(): void {
    if (this.#isJoined) return
    this.#isJoined = true
    this.#sets = startSets()
    for (const answer of this.#answers.values()) this.#join(answer)
  }

  #collect({ own, values }: ReplyPattern): void {
    const spreads = this.#spreads.get(own) ?? new PatternSpreads()
    this.#spreads.set(own, spreads)
    spreads.add(values)
  }

  #fresh(own: string): PatternSpreads | undefined {
    if (this.#stale.delete(own)) {
      this.#spreads.delete(own)
      for (const { pattern } of this.#answers.values()) if (pattern?.own === own) this.#collect(pattern)
    }
    return this.#spreads.get(own)
  }
}

const startSets = (): Record<Level, DisjointSets> => ({
  identical: new DisjointSets(),
  pattern: new DisjointSets(),
  shape: new DisjointSets(),
})

/** Answers with any key of a level in common agree at it. The first is the one that most of a group have. */
interface KeyedAnswer extends Answer {
  readonly keys: Readonly<Record<Level, readonly string[]>>
}

/** All keys begin with how the answer ended. */
function keysOf({ id, end, output, pattern }: Answer): KeyedAnswer['keys'] {
  const identical = [`${end}\n=${output ?? `${id}\n?`}`]
  if (pattern === undefined) return { identical, pattern: identical, shape: identical }
  const { own, plain, ownShape, plainShape } = pattern
  const keys = [`${end}\nown ${own}`, ...(plain === own ? [] : [`${end}\nplain ${plain}`]), ...identical]
  const isOwn = plainShape !== ownShape
  const shapes = [`${end}\nown shape ${ownShape}`, ...(isOwn ? [`${end}\nplain shape ${plainShape}`] : [])]
  return { identical, pattern: keys, shape: [...shapes, ...keys] }
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
