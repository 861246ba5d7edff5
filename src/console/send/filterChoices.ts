import { foldHosts } from '../../hosts/hostFolding.ts'
import type { FleetSnapshot } from '../../master/fleet/fleetSnapshot.ts'
import { reachOf } from '../../master/fleet/reach.ts'
import { completeFilter, type Suggestion } from '../../protocol/filter/complete.ts'
import type { FactIndex } from '../../protocol/filter/factIndex.ts'
import { FilterSyntaxError } from '../../protocol/filter/syntaxError.ts'
import { everyone, readFilter, type WrittenFilter } from '../../protocol/filter/writtenFilter.ts'
import { localize, sentenceOf } from '../../text/localizable.ts'
import type { Translate } from '../../text/translate.ts'

/** A row below the box for a filter. */
export type FilterChoice =
  /** The text is a filter: choosing this row uses it. */
  | { readonly kind: 'use'; readonly filter: WrittenFilter; readonly label: string; readonly detail: string }
  /** The text is not a filter (yet). */
  | { readonly kind: 'wrong'; readonly label: string; readonly detail: string }
  /** Every agent; offered explicitly while nothing is typed. */
  | { readonly kind: 'everyone'; readonly label: string; readonly detail: string }
  | {
      readonly kind: 'recent'
      readonly filter: WrittenFilter
      readonly label: string
      readonly detail: string
    }
  /** Completes the text to `text`. */
  | {
      readonly kind: 'complete'
      readonly text: string
      readonly suggestion: Suggestion
      readonly label: string
      readonly detail: string
    }

export interface FilterContext {
  readonly fleet: FleetSnapshot
  readonly index: FactIndex
  /** The index covers only some of the agents: its counts are not shown. */
  readonly isPart: boolean
  /** Filters of earlier runs, latest first. */
  readonly recent: readonly string[]
}

/** What can be done with `text`, best first. The cursor is taken to be at its end: VS Code does not say where it is. */
export function filterChoices(text: string, world: FilterContext, t: Translate): FilterChoice[] {
  const completions = completionsOf(text, world, t)
  if (text.trim() === '') {
    const all: FilterChoice = {
      kind: 'everyone',
      label: t('Every agent: all {0}', reachOf(world.fleet, { filter: everyone }).known),
      detail: t('Choose this to target every agent. An empty filter matches none.'),
    }
    return [...recentsOf(world, t), ...completions.slice(0, completionsBeforeEveryone), all]
  }
  try {
    const filter = readFilter(text)
    const { agents, known } = reachOf(world.fleet, { filter })
    const use: FilterChoice = {
      kind: 'use',
      filter,
      label: t('{0} of {1} agents match', agents.length, known),
      detail:
        agents.length === 0
          ? t('No agent matches, so nothing would run.')
          : foldHosts(agents.map(({ hostname }) => hostname)),
    }
    // Enter then completes a filter that would match no agent.
    return agents.length === 0 ? [...completions, use] : [use, ...completions]
  } catch (error) {
    if (!(error instanceof FilterSyntaxError)) throw error
    const wrong: FilterChoice = {
      kind: 'wrong',
      label: localize(sentenceOf(error), t),
      detail: '',
    }
    return [...completions, wrong]
  }
}

/** So that "every agent" is visible without scrolling, and never first. */
const completionsBeforeEveryone = 8

function completionsOf(text: string, { index, isPart }: FilterContext, t: Translate): FilterChoice[] {
  const { start, end, suggestions } = completeFilter(text, text.length, index)
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
  return recent.slice(0, 5).flatMap((text) => {
    try {
      const filter = readFilter(text)
      const { agents, known } = reachOf(fleet, { filter })
      const detail = t('{0} of {1} agents match', agents.length, known)
      return [{ kind: 'recent' as const, filter, label: text, detail }]
    } catch {
      return []
    }
  })
}
