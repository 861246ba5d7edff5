import { RE2JS } from 're2js'
import { LocalizableError, say } from '../text/localizable.ts'

/**
 * An expression that runs in linear time (RE2), whatever it is applied to: outputs come from servers, and must not hang
 * the editor of the person who looks at them.
 * @throws LocalizableError when it is not an expression
 */
export function linearExpression(text: string, { matchCase }: { matchCase: boolean }): RE2JS {
  try {
    return RE2JS.compile(text, matchCase ? 0 : RE2JS.CASE_INSENSITIVE)
  } catch (cause) {
    throw new LocalizableError(say('Not a regular expression: {0}', (cause as Error).message), { cause })
  }
}

/** Takes one value out of a line. */
export interface Capture {
  /** What the group has matched; undefined when the line does not match. */
  in(line: string): string | undefined
}

/** Characters of an expression, and of a line that is looked at: one line then takes a few milliseconds at most. */
export const captureLimits = { expression: 1000, line: 4096 }

/**
 * An expression with a group in parentheses: `up (\d+) days`. With several groups the first counts.
 * @throws LocalizableError when it is not an expression, or has no group
 */
export function compileCapture(text: string): Capture {
  if (text.length > captureLimits.expression)
    throw new LocalizableError(say('The expression is longer than {0} characters.', captureLimits.expression))
  const expression = linearExpression(text, { matchCase: true })
  if (expression.groupCount() < 1)
    throw new LocalizableError(
      say('Put the part that is the value in parentheses: {0}', String.raw`up (\d+) days`),
    )
  return {
    in(line) {
      const matcher = expression.matcher(line.slice(0, captureLimits.line))
      return matcher.find() ? (matcher.group(1) ?? undefined) : undefined
    },
  }
}
