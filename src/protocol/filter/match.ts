import type { Facts } from '../facts.ts'
import type { Filter } from './syntax.ts'
import { termHolds } from './termMatch.ts'

/**
 * Whether the filter selects an agent with these facts. Master and agent both decide with this function.
 *
 * `not` is plain negation: a term about the value of a missing fact does not hold, so `role!=web` holds for an agent
 * without `role`. `explainFilter` names the missing facts on which an answer depends.
 */
export function matchesFilter(filter: Filter, facts: Facts): boolean {
  switch (filter.kind) {
    case 'everyone':
      return true
    case 'and':
      return filter.all.every((part) => matchesFilter(part, facts))
    case 'or':
      return filter.any.some((part) => matchesFilter(part, facts))
    case 'not':
      return !matchesFilter(filter.condition, facts)
    default:
      return termHolds(filter, facts)
  }
}
