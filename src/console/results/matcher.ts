import { linearExpression } from '../../answers/linearExpression.ts'
import type { Query } from '../../page/fromPage.ts'
import { localize, sentenceOf } from '../../text/localizable.ts'
import { inEnglish, type Translate } from '../../text/translate.ts'

/** Finds a query in one line; `[start, length]` of each match, in characters, none of them empty. */
export type Matcher = (line: string) => (readonly [start: number, length: number])[]

/**
 * Expressions run in linear time (RE2): output comes from servers, and must not hang the editor.
 * @throws InvalidQuery when the expression is not valid
 */
export function createMatcher({ text, matchCase, regex }: Query, t: Translate = inEnglish): Matcher {
  if (!regex) return literalMatcher(text, matchCase)
  let expression: ReturnType<typeof linearExpression>
  try {
    expression = linearExpression(text, { matchCase })
  } catch (cause) {
    throw new InvalidQuery(localize(sentenceOf(cause), t), { cause })
  }
  return (line) => {
    const matches: (readonly [number, number])[] = []
    const matcher = expression.matcher(line)
    while (matches.length < maxMatches && matcher.find()) {
      const start = matcher.start()
      if (matcher.end() > start) matches.push([start, matcher.end() - start])
    }
    return matches
  }
}

/** Says what is wrong with the expression. */
export class InvalidQuery extends Error {
  override readonly name = 'InvalidQuery'
}

/** The most matches in one line. */
const maxMatches = 10_000

function literalMatcher(text: string, matchCase: boolean): Matcher {
  const expression = new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), matchCase ? 'gu' : 'giu')
  return (line) => {
    const matches: (readonly [number, number])[] = []
    expression.lastIndex = 0
    for (let match = expression.exec(line); match !== null; match = expression.exec(line)) {
      if (match[0].length === 0 || matches.length >= maxMatches) break
      matches.push([match.index, match[0].length])
    }
    return matches
  }
}
