import { RE2JS, RE2JSException } from 're2js'
import { FILTER_LIMITS } from './lexicon.ts'
import type { Pattern } from './syntax.ts'

/** A regular expression that is not one, or is too large. The message completes "… is refused: ". */
export class PatternError extends Error {
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

/** A memo, so that a filter asked of ten thousand agents compiles its patterns once; it lives as long as the filter. */
const compiled = new WeakMap<Pattern, RE2JS>()

function compile({ source, flags }: Pattern): RE2JS {
  if (source === '') throw new PatternError('it is empty and would be found in everything')
  if (source.length > FILTER_LIMITS.patternLength) {
    throw new PatternError(
      `it is ${source.length} characters long, at most ${FILTER_LIMITS.patternLength} are allowed`,
    )
  }
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(source)) {
    throw new PatternError('it holds invisible characters; write \\n, \\t or \\x{…} for them')
  }
  const regex = parsed(source, flags)
  if (regex.programSize() > FILTER_LIMITS.patternSize) {
    throw new PatternError(
      `its repetitions make it too large (${regex.programSize()} steps, at most ${FILTER_LIMITS.patternSize} are allowed)`,
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
    const advice = /^\(\?[=!<]/.test(fragmentOf(error)) ? ' (look-around is not supported)' : ''
    throw new PatternError(`${error.message.replace(/^error parsing regexp: /, '')}${advice}`, {
      cause: error,
    })
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
