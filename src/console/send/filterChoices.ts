import { foldHosts } from '../../hosts/hostFolding.ts'
import type { KnownAgent } from '../../master/fleet/inventory.ts'
import { completeFilter, type Suggestion } from '../../protocol/filter/complete.ts'
import type { FactIndex } from '../../protocol/filter/factIndex.ts'
import { matchesFilter } from '../../protocol/filter/match.ts'
import { parseFilter } from '../../protocol/filter/parse.ts'
import { FilterSyntaxError } from '../../protocol/filter/syntaxError.ts'
import { localize, sentenceOf } from '../../text/localizable.ts'
import type { Translate } from '../../text/translate.ts'

/** A row below the box into which a filter is typed. */
export type FilterChoice =
  /** The text is a filter: taking this row takes the filter. */
  | { readonly kind: 'use'; readonly filter: string; readonly label: string; readonly detail: string }
  /** The text is no filter (yet). */
  | { readonly kind: 'wrong'; readonly label: string; readonly detail: string }
  /** Everyone, offered by name as long as nothing is typed. */
  | { readonly kind: 'everyone'; readonly label: string; readonly detail: string }
  | { readonly kind: 'recent'; readonly filter: string; readonly label: string; readonly detail: string }
  /** Completes the text to `text`. */
  | {
      readonly kind: 'complete'
      readonly text: string
      readonly suggestion: Suggestion
      readonly label: string
      readonly detail: string
    }

export interface FilterContext {
  /** Agents that can be expected to answer, by host name. */
  readonly agents: readonly KnownAgent[]
  readonly index: FactIndex
  /** The index was made of some of the agents only: its counts are not told. */
  readonly isPart: boolean
  /** Filters of earlier runs, latest first. */
  readonly recent: readonly string[]
}

/** What can be done with `text`, the best first. The cursor stands at its end: VS Code does not tell where it is. */
export function filterChoices(text: string, world: FilterContext, t: Translate): FilterChoice[] {
  const completions = completionsOf(text, world, t)
  if (text.trim() === '') {
    const everyone: FilterChoice = {
      kind: 'everyone',
      label: t('Everyone: all {0} agents', world.agents.length),
      detail: t('Nothing typed means nobody. Choose this to mean every agent of the environment.'),
    }
    return [...recentsOf(world, t), ...completions.slice(0, completionsBeforeEveryone), everyone]
  }
  try {
    const filter = parseFilter(text)
    const matching = world.agents.filter(({ facts }) => matchesFilter(filter, facts))
    const use: FilterChoice = {
      kind: 'use',
      filter: text.trim(),
      label: t('{0} of {1} agents match', matching.length, world.agents.length),
      detail:
        matching.length === 0
          ? t('Nobody would run the command.')
          : foldHosts(matching.map(({ hostname }) => hostname)),
    }
    // Enter then completes what would hit nobody.
    return matching.length === 0 ? [...completions, use] : [use, ...completions]
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

/** So that everyone can be seen without scrolling, and is never the first. */
const completionsBeforeEveryone = 8

function completionsOf(text: string, { index, isPart }: FilterContext, t: Translate): FilterChoice[] {
  const { start, end, suggestions } = completeFilter(text, text.length, index)
  return suggestions
    .filter(({ insert }) => insert !== '*' && insert !== text.slice(start, end))
    .map((suggestion) => {
      const { count, detail } = suggestion
      const agents = count === undefined ? '' : t('{0} agents', count)
      return {
        kind: 'complete',
        text: text.slice(0, start) + suggestion.insert + text.slice(end),
        suggestion,
        label: suggestion.insert,
        detail: isPart && count !== undefined ? '' : detail !== '' ? detail : agents,
      }
    })
}

function recentsOf({ recent, agents }: FilterContext, t: Translate): FilterChoice[] {
  return recent.slice(0, 5).flatMap((text) => {
    try {
      const filter = parseFilter(text)
      const count = agents.filter(({ facts }) => matchesFilter(filter, facts)).length
      return [
        {
          kind: 'recent' as const,
          filter: text,
          label: text,
          detail: t('{0} of {1} agents match', count, agents.length),
        },
      ]
    } catch {
      return []
    }
  })
}
