import { foldHosts } from '../../hosts/hostFolding.ts'
import type { FleetSnapshot, KnownAgent } from '../../master/fleet/fleetSnapshot.ts'
import { reachOf } from '../../master/fleet/reach.ts'
import { printExact } from '../../protocol/filter/print.ts'
import { everyone, readFilter, type WrittenFilter } from '../../protocol/filter/writtenFilter.ts'
import type { Translate } from '../../text/translate.ts'
import { isNamePattern, type NamedTargets, namedTargets } from './namedTargets.ts'

/** What a person chooses in the box: a filter, or agents by name. */
export interface ChosenTargets {
  readonly filter: WrittenFilter
  /** Ids of the agents; absent where the filter alone selects. */
  readonly targets?: readonly string[]
  /** Names of a list that stand for no agent, so that they stay in sight until the run. */
  readonly notFound?: readonly string[]
}

/** What a text means that names agents, in two lines, and what of it was not found. */
export type AgentOffer =
  | {
      readonly kind: 'offer'
      readonly chosen: ChosenTargets
      readonly label: string
      readonly detail: string
    }
  | { readonly kind: 'note'; readonly label: string; readonly detail: string }

/** Characters of names in the first line of an offer. */
const mostInLabel = 60
/** Names that were not found and are listed in one row; the rest is counted. */
const mostListed = 200

/** Offers for names of agents. The first is what the text means as a whole; nothing is taken for a person. */
export function agentOffers(text: string, fleet: FleetSnapshot, t: Translate): AgentOffer[] {
  const named = namedTargets(text, fleet)
  if (named === undefined) return []
  if (named === 'too-long') {
    const label = t('This list is too long: at most 100 KB and 10,000 names are read. Split it.')
    return [{ kind: 'note', label, detail: '' }]
  }
  const [only, ...others] = named.names
  if (only !== undefined && others.length === 0 && named.unmatched.length + named.ambiguous.length <= 1)
    return offersForName(only, named, fleet, t)
  if (named.agents.length === 0) return ambiguousNote(named, t)
  return [listOffer(named, t), ...unmatchedNote(named, t), ...ambiguousNote(named, t)]
}

/** One name stays a filter on the host name where that matches exactly the agents that it names. */
function offersForName(name: string, named: NamedTargets, fleet: FleetSnapshot, t: Translate): AgentOffer[] {
  const { agents, ambiguous } = named
  if (isNamePattern(name)) return agents.length === 0 ? [] : [patternOffer(name, agents, fleet, t)]
  const [several] = ambiguous
  if (several !== undefined) {
    const short = byHostname(`${name.toLowerCase()}.*`, several.agents, fleet, t)
    return short.chosen.targets === undefined ? [short] : ambiguousNote(named, t)
  }
  const [agent] = agents
  if (agent === undefined) return []
  // An id names one agent for good; another one may have its host name later.
  const isName = agent.hostname.toLowerCase().split('.', 1)[0] === name.toLowerCase().split('.', 1)[0]
  return [isName ? byHostname(printExact(agent.hostname), agents, fleet, t) : chosenOffer(agents, [], t)]
}

/** A word that is no name may be the start of some: `web` of web-01 to web-40. */
export function startingWith(text: string, fleet: FleetSnapshot, t: Translate): AgentOffer[] {
  const word = text.trim()
  if (!/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u.test(word)) return []
  const pattern = `${word}*`
  const named = namedTargets(pattern, fleet)
  if (named === undefined || named === 'too-long' || named.agents.length === 0) return []
  return [patternOffer(pattern, named.agents, fleet, t)]
}

function patternOffer(pattern: string, agents: readonly KnownAgent[], fleet: FleetSnapshot, t: Translate) {
  const exact = byHostname(pattern, agents, fleet, t)
  if (exact.chosen.targets === undefined) return exact
  return byHostname(pattern.toLowerCase(), agents, fleet, t)
}

/** @param value as a filter writes it */
function byHostname(value: string, agents: readonly KnownAgent[], fleet: FleetSnapshot, t: Translate) {
  const filter = filterIfAny(`hostname=${value}`)
  const matched = filter === undefined ? [] : reachOf(fleet, { filter }).agents
  if (filter === undefined || !isSame(matched, agents)) return chosenOffer(agents, [], t)
  return {
    kind: 'offer' as const,
    chosen: { filter } satisfies ChosenTargets as ChosenTargets,
    label: `${filter.text} · ${countOf(matched.length, t)}`,
    detail: foldHosts(matched.map(({ hostname }) => hostname)),
  }
}

function listOffer(named: NamedTargets, t: Translate): AgentOffer {
  return chosenOffer(named.agents, [...named.unmatched, ...namesOf(named)], t)
}

/** Exactly these agents: a list never reaches one that matches later. */
function chosenOffer(agents: readonly KnownAgent[], notFound: readonly string[], t: Translate) {
  const hosts = foldHosts(agents.map(({ hostname }) => hostname))
  const gone = agents.filter(({ state }) => state === 'gone')
  const silent =
    gone.length === 0
      ? ''
      : ` ${t('Not reporting now: {0}.', foldHosts(gone.map(({ hostname }) => hostname)))}`
  return {
    kind: 'offer' as const,
    chosen: {
      filter: everyone,
      targets: agents.map(({ agentId }) => agentId),
      ...(notFound.length > 0 && { notFound }),
    } satisfies ChosenTargets as ChosenTargets,
    label: `${shortened(hosts)} · ${countOf(agents.length, t)}`,
    detail: `${exactly(agents, t)}${silent}${hosts.length > mostInLabel ? ` ${hosts}` : ''}`,
  }
}

function exactly([agent, ...others]: readonly KnownAgent[], t: Translate): string {
  return agent !== undefined && others.length === 0
    ? t('Exactly this agent, {0}.', agent.agentId)
    : t('Exactly these agents, and none that appears later.')
}

function unmatchedNote({ unmatched }: NamedTargets, t: Translate): AgentOffer[] {
  if (unmatched.length === 0) return []
  const label =
    unmatched.length === 1 ? t('1 name matches no agent') : t('{0} names match no agent', unmatched.length)
  return [{ kind: 'note', label, detail: listed(unmatched, t) }]
}

function namesOf({ ambiguous }: NamedTargets): string[] {
  return ambiguous.map(({ name }) => name)
}

function ambiguousNote(named: NamedTargets, t: Translate): AgentOffer[] {
  const ambiguous = namesOf(named)
  if (ambiguous.length === 0) return []
  const label =
    ambiguous.length === 1
      ? t('1 name stands for several agents, and chooses none of them')
      : t('{0} names stand for several agents, and choose none of them', ambiguous.length)
  const detail = `${listed(ambiguous, t)}. ${t('Use their full names or agent IDs.')}`
  return [{ kind: 'note', label, detail }]
}

/** Names as text, folded where they are a series. */
export function listed(names: readonly string[], t: Translate): string {
  const shown = foldHosts(names.slice(0, mostListed))
  return names.length <= mostListed ? shown : t('{0} and {1} more', shown, names.length - mostListed)
}

export function countOf(count: number, t: Translate): string {
  return count === 1 ? t('1 agent') : t('{0} agents', count)
}

function isSame(matched: readonly KnownAgent[], agents: readonly KnownAgent[]): boolean {
  const wanted = new Set(agents)
  return matched.length === wanted.size && matched.every((agent) => wanted.has(agent))
}

function shortened(text: string): string {
  const characters = [...text]
  return characters.length <= mostInLabel ? text : `${characters.slice(0, mostInLabel - 1).join('')}…`
}

function filterIfAny(text: string): WrittenFilter | undefined {
  try {
    return readFilter(text)
  } catch {
    return undefined
  }
}
