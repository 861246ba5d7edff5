import { RE2JS } from 're2js'

/** A compiled pattern of a policy with the text that it was made of. */
export interface TextPattern {
  readonly text: string
  matches(candidate: string): boolean
}

/**
 * With these a shell starts another command, sends output elsewhere, substitutes, or takes the rest for a comment. A
 * wildcard that let them through would allow everything.
 */
const shellActive = ';&|<>$`(){}#\\\\\\r\\n'

/**
 * A pattern of allowed commands: it must match the whole command. `*` and `?` match anything except characters with a
 * meaning for the shell. `/…/` is a regular expression (RE2), which says exactly what it allows.
 * @throws Error when the expression cannot be read
 */
export function compileAllowed(pattern: string): TextPattern {
  const expression = expressionOf(pattern)
  const compiled = RE2JS.compile(expression ?? globToExpression(pattern, `[^${shellActive}]`), RE2JS.DOTALL)
  return { text: pattern, matches: (candidate) => compiled.matches(candidate) }
}

/**
 * A pattern of commands that are denied. `*` and `?` stand for anything, and the pattern must fit all of the command;
 * `/…/` is a regular expression (RE2), denied wherever it is found.
 * @throws Error when the expression cannot be read
 */
export function compileDenied(pattern: string): TextPattern {
  const expression = expressionOf(pattern)
  if (expression === undefined) return compileGlob(pattern)
  const compiled = RE2JS.compile(expression, RE2JS.DOTALL)
  return { text: pattern, matches: (candidate) => compiled.matcher(candidate).find() }
}

/** A pattern of names that no shell interprets (senders, variables, directories): `*` and `?` stand for anything. */
export function compileGlob(pattern: string): TextPattern {
  const compiled = RE2JS.compile(globToExpression(pattern, '.'), RE2JS.DOTALL)
  return { text: pattern, matches: (candidate) => compiled.matches(candidate) }
}

function expressionOf(pattern: string): string | undefined {
  return /^\/(.+)\/$/s.exec(pattern)?.[1]
}

function globToExpression(glob: string, any: string): string {
  return [...glob].map((c) => (c === '*' ? `${any}*` : c === '?' ? any : RE2JS.quote(c))).join('')
}
