import { unfoldHosts } from './hostFolding.ts'

/** Characters of a list that is read: 100 KB of host names, some 5,000 of them. */
export const mostListCharacters = 102_400

/** Names in one list, with folded ranges unfolded: as many as agents in the largest fleets. */
export const mostListedNames = 10_000

/** What a text says when it is read as a list of names. */
export type ListedNames =
  | {
      readonly kind: 'names'
      /** Each once, in the order of the text. Patterns such as `web*` are among them, as they were written. */
      readonly names: readonly string[]
      /** Ranges that cannot be unfolded, with the reason in English. */
      readonly unreadable: readonly { readonly text: string; readonly why: string }[]
    }
  /** It has more characters or names than are read. */
  | { readonly kind: 'too-long' }
  /** It says something else: a filter with operators, for example. */
  | { readonly kind: 'no-list' }

/**
 * Reads names that people type, or copy from a table, a chat, a script or this product: separated by blanks, lines, commas,
 * semicolons or `and`, in quotes or not, with folded ranges (`web-[01-03,07]`). Takes linear time.
 */
export function readListedNames(text: string): ListedNames {
  if (text.length > mostListCharacters) return { kind: 'too-long' }
  if (operators.test(text.replace(characterCode, ''))) return { kind: 'no-list' }
  const words = (text.match(word) ?? []).map((found) => found.replace(/[.:]+$/, ''))
  if (words.some((found) => negations.has(found.toLowerCase()))) return { kind: 'no-list' }
  const names = new Set<string>()
  const unreadable: { text: string; why: string }[] = []
  for (const found of words) {
    if (connectives.has(found.toLowerCase()) || !/[\p{L}\p{N}*]/u.test(found)) continue
    if (!found.includes('[')) names.add(found)
    else {
      try {
        for (const name of unfoldHosts(found, mostListedNames)) names.add(name)
      } catch (error) {
        unreadable.push({ text: found, why: (error as Error).message })
      }
    }
    if (names.size > mostListedNames || unreadable.length > mostUnreadable) return { kind: 'too-long' }
  }
  return { kind: 'names', names: [...names], unreadable }
}

/** Each may take as long as a list of the greatest length. */
const mostUnreadable = 100

/** Ranges stay in one piece; any other bracket separates, as a quotation mark does: a list may come from JSON. */
const word = /(?:\[[0-9,\s-]*\]|<U\+[0-9A-F]{4,6}>|[^\s,;"'`[\](){}<>])+/gu

const characterCode = /<U\+[0-9A-F]{4,6}>/g

/** In a list of names there are none of these. */
const operators = /[=<>!~&|]/

/** Words with which a text means something else than "these". */
const negations = new Set(['not', 'in', 'except', 'but'])

const connectives = new Set(['and', 'or'])
