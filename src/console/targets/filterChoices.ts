import { foldHosts } from '../../hosts/hostFolding.ts'
import type { FleetSnapshot } from '../../master/fleet/fleetSnapshot.ts'
import { type Reach, reachOf } from '../../master/fleet/reach.ts'
import { completeFilter, type Suggestion } from '../../protocol/filter/complete.ts'
import type { FactIndex } from '../../protocol/filter/factIndex.ts'
import { type FilterSets, noSets } from '../../protocol/filter/filterSets.ts'
import { FilterSyntaxError } from '../../protocol/filter/syntaxError.ts'
import { everyone, readFilterWithSets, type WrittenFilter } from '../../protocol/filter/writtenFilter.ts'
import { localize, sentenceOf } from '../../text/localizable.ts'
import type { Translate } from '../../text/translate.ts'
import { agentOffers, type ChosenTargets, countOf, startingWith } from './agentOffers.ts'
import { nearMisses, valuesNamed, whyNobody } from './nearMisses.ts'

/** A row below the box for a filter. */
export type FilterChoice = { readonly label: string; readonly detail: string } & (
  | /** The text is a filter that matches agents. */ { readonly kind: 'use'; readonly chosen: ChosenTargets }
  /** What the text means as names, or as a value of a fact. */
  | { readonly kind: 'offer'; readonly chosen: ChosenTargets }
  /** What was probably meant, where the text matches nobody. */
  | { readonly kind: 'meant'; readonly chosen: ChosenTargets }
  | { readonly kind: 'recent'; readonly chosen: ChosenTargets }
  /** A filter of an earlier run that matches nobody now: it comes into the box, where the reason is shown. */
  | { readonly kind: 'retype'; readonly text: string }
  /** Every agent; offered explicitly while nothing is typed. */
  | { readonly kind: 'everyone'; readonly chosen: ChosenTargets }
  /** Completes the text to `text`. */
  | { readonly kind: 'complete'; readonly text: string; readonly suggestion: Suggestion }
  /** The text is a filter, and the agents are not known yet: choosing it waits for them. */
  | { readonly kind: 'later'; readonly chosen: ChosenTargets }
  /** Shows for each agent that the filter leaves out why it does. */
  | { readonly kind: 'why'; readonly filter: WrittenFilter }
  /** The text is a filter that matches nobody, is none, or names what is not there: choosing it does nothing. */
  | { readonly kind: 'nobody' | 'wrong' | 'note' }
)

export interface FilterContext {
  readonly fleet: FleetSnapshot
  /** Whether the agents of the fleet are known. */
  readonly look: 'looking' | 'known' | { readonly failed: string }
  readonly index: FactIndex
  /** The index covers only some of the agents: its counts are not shown. */
  readonly isPart: boolean
  /** Filters of earlier runs, latest first. */
  readonly recent: readonly string[]
  readonly sets: FilterSets
}

/** What can be done with `text`, best first. The cursor is taken to be at its end: VS Code does not say where it is. */
export function filterChoices(text: string, world: FilterContext, t: Translate): FilterChoice[] {
  const completions = completionsOf(text, world, t)
  if (text.trim() === '') {
    return [
      ...recentsOf(world, t),
      ...completions.slice(0, completionsBeforeEveryone),
      everyoneChoice(world, t),
    ]
  }
  const read = readIfFilter(text, world.sets)
  if (read instanceof FilterSyntaxError) {
    const wrong: FilterChoice = { kind: 'wrong', label: localize(sentenceOf(read), t), detail: '' }
    const offers = offersOf(text, undefined, world, t)
    const meant = offers.length === 0 ? meantBy(text, offers, completions, world, t) : []
    return [...offers, ...meant, ...completions, ...(offers.length === 0 ? [wrong] : [])]
  }
  const reach = reachOf(world.fleet, { filter: read })
  const offers = offersOf(text, read, world, t)
  if (reach.agents.length > 0) {
    const use: FilterChoice = {
      ...{ kind: 'use', chosen: { filter: read } },
      label: t('{0} of {1} agents match', reach.agents.length, reach.known),
      detail: `${writtenOut(text, read)}${foldHosts(reach.agents.map(({ hostname }) => hostname))}`,
    }
    return [use, ...offers, ...completions, ...whyOf(read, reach, t)]
  }
  if (reach.known === 0) return [...offers, ...unknownFleetOf(read, world, t)]
  // Enter then completes a filter that would match no agent.
  return [
    ...offers,
    ...(completions.length > 0
      ? [...completions, ...meantBy(text, offers, completions, world, t)]
      : meantBy(text, offers, completions, world, t)),
    {
      kind: 'nobody',
      label: t('0 of {0} agents match', reach.known),
      detail: nobodyDetail(read, reach, world, t),
    },
    ...whyOf(read, reach, t),
  ]
}

/** So that "every agent" is visible without scrolling, and never first. */
const completionsBeforeEveryone = 8

function readIfFilter(text: string, sets: FilterSets): WrittenFilter | FilterSyntaxError {
  try {
    return readFilterWithSets(text, sets)
  } catch (error) {
    if (error instanceof FilterSyntaxError) return error
    throw error
  }
}

/** What the sets in it mean. */
function writtenOut(text: string, read: WrittenFilter): string {
  return read.text === text.trim() ? '' : `${read.text} · `
}

/** Names of agents, then values of facts: what the text is to the letter, but for capitals. */
function offersOf(
  text: string,
  read: WrittenFilter | undefined,
  world: FilterContext,
  t: Translate,
): FilterChoice[] {
  const names = agentOffers(text, world.fleet, t)
  const word = text.trim()
  const values = /[\s=<>!~(),]/.test(word) ? [] : valuesNamed(word, world.index)
  return [
    ...names.filter((offer) => offer.kind !== 'offer' || offer.chosen.filter.text !== read?.text),
    ...matching(values, world, 'offer', t),
  ]
}

function meantBy(
  text: string,
  offers: readonly FilterChoice[],
  completions: readonly FilterChoice[],
  world: FilterContext,
  t: Translate,
): FilterChoice[] {
  const shown = new Set(
    [...offers, ...completions].map((choice) =>
      choice.kind === 'complete' ? choice.text : 'chosen' in choice ? choice.chosen.filter.text : undefined,
    ),
  )
  const misses = nearMisses(text, world.index).filter((filter) => !shown.has(filter.text))
  return [
    ...matching(misses, world, 'meant', t),
    ...(offers.some(namesAgents) ? [] : startingWith(text, world.fleet, t)),
  ]
}

function namesAgents(offer: FilterChoice): boolean {
  if (offer.kind !== 'offer') return offer.kind === 'note'
  return offer.chosen.targets !== undefined || offer.chosen.filter.text.startsWith('hostname=')
}

/** The filters that match agents, with their number. */
function matching(
  filters: readonly WrittenFilter[],
  { fleet }: FilterContext,
  kind: 'offer' | 'meant',
  t: Translate,
): FilterChoice[] {
  return filters.flatMap((filter) => {
    const { agents } = reachOf(fleet, { filter })
    if (agents.length === 0) return []
    const count = countOf(agents.length, t)
    const label =
      kind === 'meant' ? t('Did you mean {0}? {1}', filter.text, count) : `${filter.text} · ${count}`
    return [
      { kind, chosen: { filter }, label, detail: foldHosts(agents.map(({ hostname }) => hostname)) } as const,
    ]
  })
}

function nobodyDetail(
  { parsed }: WrittenFilter,
  { missing }: Reach,
  world: FilterContext,
  t: Translate,
): string {
  if (missing.length > 0) {
    return t(
      'No agent that is reporting matches, so nothing would run. Not seen now: {0}.',
      foldHosts(missing.map(({ hostname, agentId }) => hostname ?? agentId)),
    )
  }
  const reason = world.isPart ? undefined : whyNobody(parsed, world.index)
  const nothing = t('No agent matches, so nothing would run.')
  return reason === undefined ? nothing : `${nothing} ${localize(reason, t)}`
}

function whyOf(filter: WrittenFilter, { agents, known }: Reach, t: Translate): FilterChoice[] {
  if (agents.length === known) return []
  const label = t('Why is an agent not matched?')
  return [{ kind: 'why', filter, label, detail: t('Shows the reason for each that is left out.') }]
}

/** No agent is known: because nobody has looked yet, cannot look, or because there is none. */
function unknownFleetOf(filter: WrittenFilter, { look }: FilterContext, t: Translate): FilterChoice[] {
  if (look === 'looking') {
    const detail = t('Press Enter to go on as soon as agents that match are found.')
    return [{ kind: 'later', chosen: { filter }, label: filter.text, detail }]
  }
  const label = t('No agents seen')
  if (look !== 'known') return [{ kind: 'nobody', label, detail: look.failed }]
  const detail = t('Check that ec2-cagent is running on your servers. The Doctor says what it sees.')
  return [{ kind: 'nobody', label, detail }]
}

function everyoneChoice(world: FilterContext, t: Translate): FilterChoice {
  const { known } = reachOf(world.fleet, { filter: everyone })
  if (known === 0 && world.look !== 'looking') return unknownFleetOf(everyone, world, t)[0] as FilterChoice
  return {
    ...{ kind: known === 0 ? 'later' : 'everyone', chosen: { filter: everyone } },
    label: known === 0 ? t('Every agent') : t('Every agent: all {0}', known),
    detail: t('Choose this to target every agent. An empty filter matches none.'),
  }
}

function completionsOf(text: string, { index, isPart, sets }: FilterContext, t: Translate): FilterChoice[] {
  const { start, end, suggestions } = completeFilter(text, text.length, index, sets)
  return suggestions
    .filter(({ insert }) => insert !== '*' && insert !== text.slice(start, end))
    .map((suggestion) => {
      const { count, detail } = suggestion
      return {
        kind: 'complete',
        text: text.slice(0, start) + suggestion.insert + text.slice(end),
        suggestion,
        label: suggestion.insert,
        detail: isPart && count !== undefined ? '' : localize(detail, t),
      }
    })
}

function recentsOf({ recent, fleet }: FilterContext, t: Translate): FilterChoice[] {
  return recent.slice(0, 5).flatMap((text): FilterChoice[] => {
    const filter = readIfFilter(text, noSets)
    if (filter instanceof FilterSyntaxError) return []
    const { agents, known } = reachOf(fleet, { filter })
    const row = { label: text, detail: t('{0} of {1} agents match', agents.length, known) }
    return agents.length === 0
      ? [{ ...row, kind: 'retype' as const, text }]
      : [{ ...row, kind: 'recent' as const, chosen: { filter } }]
  })
}
