import { RE2JS, RE2JSException } from 're2js'
import { LocalizableError, say, verbatim } from '../../text/localizable.ts'
import { FILTER_LIMITS } from './lexicon.ts'
import type { Pattern } from './syntax.ts'

/** A regular expression that cannot be parsed, or is too large. The message completes "… cannot be used: ". */
export class PatternError extends LocalizableError {
  override readonly name = 'PatternError'
}

/**
 * The pattern, ready to search in time linear in the text (RE2: no backtracking). Compiled once per pattern object.
 *
 * @throws PatternError
 */
export function compilePattern(pattern: Pattern): RE2JS {
  const known = compiled.get(pattern)
  if (known) return known
  const fresh = compile(pattern)
  compiled.set(pattern, fresh)
  return fresh
}

/** A cache, so that a filter for ten thousand agents compiles its patterns once; it lives as long as the filter. */
const compiled = new WeakMap<Pattern, RE2JS>()

function compile({ source, flags }: Pattern): RE2JS {
  if (source === '') throw new PatternError(say('it is empty, which matches everything'))
  if (source.length > FILTER_LIMITS.patternLength) {
    throw new PatternError(
      say('it is {0} characters long, at most {1} are allowed', source.length, FILTER_LIMITS.patternLength),
    )
  }
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(source)) {
    throw new PatternError(say('it contains invisible characters; write {0} for them', '\\n, \\t, \\x{…}'))
  }
  const regex = parsed(source, flags)
  if (regex.programSize() > FILTER_LIMITS.patternSize) {
    throw new PatternError(
      say(
        'its repetitions make it too large ({0} steps, at most {1} are allowed)',
        regex.programSize(),
        FILTER_LIMITS.patternSize,
      ),
    )
  }
  return regex
}

function parsed(source: string, flags: string): RE2JS {
  try {
    return RE2JS.compile(
      source,
      [...flags].reduce((bits, flag) => bits | (FLAG_BITS.get(flag) ?? 0), 0),
    )
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    const reason = error.message.replace(/^error parsing regexp: /, '')
    const isLookAround = /^\(\?[=!<]/.test(fragmentOf(error))
    throw new PatternError(
      isLookAround ? say('{0} (look-around is not supported)', reason) : verbatim(reason),
      { cause: error },
    )
  }
}

function fragmentOf(error: RE2JSException): string {
  return 'input' in error && typeof error.input === 'string' ? error.input : ''
}

const FLAG_BITS = new Map([
  ['i', RE2JS.CASE_INSENSITIVE],
  ['m', RE2JS.MULTILINE],
  ['s', RE2JS.DOTALL],
])
