import type * as v from 'valibot'
import { type Localizable, LocalizableError, say, sentenceOf, verbatim } from '../text/localizable.ts'

/** A problem of a declaration, and the key where it is. */
export interface DeclarationProblem {
  readonly path: readonly (string | number)[]
  /** A sentence. */
  readonly message: Localizable
  /** The key that was probably meant. */
  readonly meant?: string
}

/**
 * Turns an issue of a schema into a sentence. The message of a schema says what a value must be (`a command`), or is a
 * sentence; in English, the key of its translation. A check whose sentence has parameters passes it as the input of its
 * issue, since valibot carries only text.
 */
export function describeIssue(issue: v.BaseIssue<unknown>): DeclarationProblem {
  const path = (issue.path ?? []).map((item) => item.key as string | number)
  const key = path.at(-1)
  const reason = issue.input instanceof LocalizableError ? sentenceOf(issue.input) : undefined
  if (/[.?]$/.test(issue.message)) {
    const meant = issue.type === 'raw_check' ? issue.expected : null
    return { path, message: reason ?? { text: issue.message, args: [] }, ...(meant !== null && { meant }) }
  }
  if (issue.received === 'undefined') {
    // A missing key has no position: the problem is that of the object.
    return { path: path.slice(0, -1), message: say('“{0}” is missing.', String(key)) }
  }
  const rule = ruleOf(issue)
  const message =
    key === undefined
      ? say('This must be {0}.', rule)
      : typeof key === 'number' && path.length > 1
        ? say('Item {0} of “{1}” must be {2}.', key + 1, String(path.at(-2)), rule)
        : say('“{0}” must be {1}.', String(key), rule)
  return { path, message: reason === undefined ? message : say('{0} {1}', message, reason) }
}

function ruleOf({ type, message, expected }: v.BaseIssue<unknown>): Localizable {
  if (type === 'picklist') return say('one of {0}', message)
  return message.startsWith('Invalid') ? verbatim(expected ?? 'something else') : { text: message, args: [] }
}

/** Several sentences after one another. At least one. */
export function inOneText(sentences: readonly Localizable[]): Localizable {
  return sentences.reduce((text, sentence) => say('{0} {1}', text, sentence))
}
