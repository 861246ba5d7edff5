import { readListedNames } from '../../hosts/listedNames.ts'
import type { FleetSnapshot, KnownAgent } from '../../master/fleet/fleetSnapshot.ts'
import { agentNames } from './agentNames.ts'

/** The agents that a text names, and what of it names none. */
export interface NamedTargets {
  /** In the order of the fleet, each once. */
  readonly agents: readonly KnownAgent[]
  /** The names as they were written, with ranges unfolded. */
  readonly names: readonly string[]
  /** Names and patterns that stand for no agent, or for nothing at all. */
  readonly unmatched: readonly string[]
  /** Names that stand for several agents: none of these is among {@link agents} by it. */
  readonly ambiguous: readonly { readonly name: string; readonly agents: readonly KnownAgent[] }[]
}

/** Patterns in one list that are looked up: each is compared with every host name. */
const mostPatterns = 20

/** Reads `text` as names of agents: host names with or without domain, patterns, ids, folded ranges, lists of all of these. */
export function namedTargets(text: string, fleet: FleetSnapshot): NamedTargets | 'too-long' | undefined {
  const listed = readListedNames(text)
  if (listed.kind === 'too-long') return 'too-long'
  if (listed.kind === 'no-list') return undefined
  const { named, matching } = agentNames(fleet)
  const chosen = new Set<KnownAgent>()
  const unmatched = listed.unreadable.map(({ text: range }) => range)
  const ambiguous: { name: string; agents: readonly KnownAgent[] }[] = []
  let patterns = 0
  for (const name of listed.names) {
    const isPattern = isNamePattern(name)
    if (isPattern) patterns += 1
    // A pattern of wildcards alone would be every agent, which nobody may get by a list.
    const isTaken = !isPattern || (patterns <= mostPatterns && !isOnlyWildcards(name))
    const found = !isTaken ? [] : isPattern ? matching(name) : named(name)
    if (found.length === 0) unmatched.push(name)
    else if (!isPattern && found.length > 1) ambiguous.push({ name, agents: found })
    else for (const agent of found) chosen.add(agent)
  }
  const agents = fleet.agents.filter((agent) => chosen.has(agent))
  return { agents, names: listed.names, unmatched, ambiguous }
}

export function isNamePattern(name: string): boolean {
  return /[*?]/.test(name)
}

export function isOnlyWildcards(name: string): boolean {
  return /^[*?.]+$/.test(name)
}
