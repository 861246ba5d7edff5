import type { Facts, FactValue } from '../facts.ts'
import { printPath } from './print.ts'
import type { FactPath, Segment } from './syntax.ts'

/** Which facts the agents of an inventory have, with how many agents have them. For completion and for grouping. */
export type FactIndex = {
  readonly agents: number
  /** By `text`. Facts that only contain other facts are omitted. */
  readonly paths: ReadonlyMap<string, IndexedPath>
}

export type IndexedPath = {
  readonly path: FactPath
  /** As a filter names it. */
  readonly text: string
  /** Agents that have it. */
  readonly agents: number
  /** Values as they are typed in a filter, with the number of agents that have each. Elements of an array count singly. */
  readonly values: ReadonlyMap<string, number>
  /** There are more values than are stored. */
  readonly hasMore: boolean
}

/**
 * Reads the facts of all agents once. Elements of arrays, and the entries of maps of maps (network interfaces, mount
 * points), are also collected under `*`.
 */
export function indexFacts(inventory: Iterable<Facts>, limits: IndexLimits = INDEX_LIMITS): FactIndex {
  const walk = new Walk(limits)
  for (const facts of inventory) walk.agent(facts)
  return { agents: walk.agents, paths: walk.paths() }
}

export type IndexLimits = {
  /** Most distinct paths; the first ones found are kept. */
  readonly paths: number
  /** Most distinct values of one path; the first ones found are kept. */
  readonly valuesPerPath: number
}

export const INDEX_LIMITS: IndexLimits = { paths: 5_000, valuesPerPath: 1_000 }

/** UTF-16 units: longer values (keys, certificates) are not collected. */
const LONGEST_VALUE = 120
/** Most levels of nesting to read. */
const DEEPEST = 12
/** Most facts to read per agent. */
const MOST_FACTS = 20_000

type Tally = { agents: number; last: number }

type Node = {
  readonly path: FactPath | undefined
  readonly children: Map<string, Node>
  each: Node | undefined
  readonly values: Map<string, Tally>
  hasMore: boolean
  /** At least one agent has something other than a map with entries here. */
  isLeaf: boolean
  readonly tally: Tally
}

class Walk {
  agents = 0
  private readonly limits: IndexLimits
  private readonly root = node(undefined)
  private nodes = 0
  private facts = 0

  constructor(limits: IndexLimits) {
    this.limits = limits
  }

  agent(facts: Facts): void {
    this.agents += 1
    this.facts = 0
    for (const key of Object.keys(facts)) this.enter(this.root, key, facts[key], 1, false)
  }

  paths(): Map<string, IndexedPath> {
    const found = new Map<string, IndexedPath>()
    const pending = [this.root]
    for (let next = pending.pop(); next; next = pending.pop()) {
      const { path } = next
      if (path && next.isLeaf) {
        const values = new Map([...next.values].map(([value, tally]) => [value, tally.agents]))
        const text = printPath(path)
        found.set(text, { path, text, agents: next.tally.agents, values, hasMore: next.hasMore })
      }
      pending.push(...next.children.values())
      if (next.each) pending.push(next.each)
    }
    return found
  }

  /** `shared`: the path already has a `*` for a map; a second one would multiply the paths. */
  private enter(
    parent: Node,
    key: string,
    value: FactValue | undefined,
    depth: number,
    shared: boolean,
  ): void {
    if (value === null || value === undefined) return
    let child = parent.children.get(key)
    if (!child) {
      child = this.added(parent, { kind: 'name', name: key })
      if (!child) return
      parent.children.set(key, child)
    }
    this.visit(child, value, depth, shared)
  }

  private enterEach(parent: Node, value: FactValue, depth: number, shared: boolean): void {
    parent.each ??= this.added(parent, { kind: 'each' })
    if (parent.each) this.visit(parent.each, value, depth, shared)
  }

  private added(parent: Node, segment: Segment): Node | undefined {
    if (this.nodes >= this.limits.paths) return undefined
    this.nodes += 1
    if (parent.path) return node([...parent.path, segment])
    return segment.kind === 'name' ? node([segment]) : undefined
  }

  private visit(at: Node, value: FactValue, depth: number, shared: boolean): void {
    if (++this.facts > MOST_FACTS || depth > DEEPEST) return
    count(at.tally, this.agents)
    if (typeof value !== 'object' || value === null) {
      at.isLeaf = true
      this.gather(at, value)
    } else if (Array.isArray(value)) {
      this.visitArray(at, value, depth, shared)
    } else {
      const keys = Object.keys(value)
      if (keys.length === 0) at.isLeaf = true
      if (!shared && isMapOfMaps(value, keys)) {
        for (const key of keys) this.enterEach(at, value[key] ?? null, depth + 1, true)
      }
      for (const key of keys) this.enter(at, key, value[key], depth + 1, shared)
    }
  }

  private visitArray(at: Node, elements: FactValue[], depth: number, shared: boolean): void {
    if (elements.length === 0) at.isLeaf = true
    for (const element of elements) {
      if (typeof element === 'object' && element !== null) {
        if (Array.isArray(element)) this.visit(at, element, depth + 1, shared)
        else this.enterEach(at, element, depth + 1, shared)
      } else {
        at.isLeaf = true
        if (++this.facts > MOST_FACTS) return
        this.gather(at, element)
      }
    }
  }

  private gather(at: Node, value: string | number | boolean | null): void {
    if (value === null) return
    const text = String(value)
    const tally = at.values.get(text)
    if (tally) {
      count(tally, this.agents)
    } else if (text.length > LONGEST_VALUE || at.values.size >= this.limits.valuesPerPath) {
      at.hasMore = true
    } else {
      at.values.set(text, { agents: 1, last: this.agents })
    }
  }
}

function node(path: FactPath | undefined): Node {
  return {
    path,
    children: new Map(),
    each: undefined,
    values: new Map(),
    hasMore: false,
    isLeaf: false,
    tally: { agents: 0, last: 0 },
  }
}

/** Counts an agent once, however often it has a path or a value. `agent` is its number, from 1. */
function count(tally: Tally, agent: number): void {
  if (tally.last === agent) return
  tally.last = agent
  tally.agents += 1
}

function isMapOfMaps(value: { [key: string]: FactValue }, keys: readonly string[]): boolean {
  return (
    keys.length > 0 &&
    keys.every((key) => {
      const entry = value[key]
      return typeof entry === 'object' && entry !== null && !Array.isArray(entry)
    })
  )
}
