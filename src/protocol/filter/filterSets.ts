import type { Localizable } from '../../text/localizable.ts'
import { matchAt } from './lexicon.ts'
import type { Condition } from './syntax.ts'

/**
 * Named sets of agents, which a filter of a person uses as `@name`. A master writes them out before anything is sent: agents
 * know no names of sets.
 */
export interface FilterSets {
  /** In the order in which they are offered. */
  readonly names: readonly string[]
  /** Undefined for a name that no set has. */
  readonly meaningOf: (name: string) => SetMeaning | undefined
}

export type SetMeaning =
  | {
      readonly kind: 'condition'
      readonly condition: Condition
      /** As `printFilter` writes it. */
      readonly text: string
    }
  /** It cannot be used, for the reason in this sentence. */
  | { readonly kind: 'unusable'; readonly why: Localizable }

export const noSets: FilterSets = { names: [], meaningOf: () => undefined }

/** The name of a set at `position`, after the `@`; '' where there is none. */
export function setNameAt(text: string, position: number): string {
  return matchAt(/[A-Za-z0-9_][A-Za-z0-9_-]{0,63}/y, text, position)
}

/** Whether a set may have this name. */
export function isSetName(name: string): boolean {
  return name !== '' && setNameAt(name, 0) === name
}

/** For checks of the form alone, where the sets are not known: any name may be one. */
export const anySets: FilterSets = {
  names: [],
  meaningOf: (name) => (isSetName(name) ? { kind: 'condition', condition: anyone, text: '' } : undefined),
}

const anyone: Condition = { kind: 'present', path: [{ kind: 'name', name: 'set' }] }
