import { type Level, levels } from './level.ts'

/** What replies of one group have in common, beside their verdict and exit code. */
export type GroupBy =
  | { readonly kind: 'level'; readonly level: Level }
  | { readonly kind: 'exit' }
  | { readonly kind: 'last-line' }
  /** A fact of the agent; dotted as in filters. */
  | { readonly kind: 'fact'; readonly path: string }
  /** What a regular expression finds in the output: see `compileCapture`. */
  | { readonly kind: 'capture'; readonly expression: string }

/**
 * As it is written in snippets: `identical`, `pattern`, `shape`, `exit code`, `last line`, `fact:az`,
 * `capture:up (\d+) days`. Whether an expression is one is not checked here.
 * @returns undefined for anything else
 */
export function readGroupBy(text: string): GroupBy | undefined {
  const level = levels.find((known) => known === text)
  if (level !== undefined) return { kind: 'level', level }
  if (text === 'exit code') return { kind: 'exit' }
  if (text === 'last line') return { kind: 'last-line' }
  const [, prefix, rest] = /^(fact|capture):\s*(\S.*)$/s.exec(text) ?? []
  if (prefix === 'fact' && rest !== undefined) return { kind: 'fact', path: rest.trim() }
  return prefix === 'capture' && rest !== undefined ? { kind: 'capture', expression: rest } : undefined
}

/** The same as text. */
export function groupByText(by: GroupBy): string {
  switch (by.kind) {
    case 'level':
      return by.level
    case 'exit':
      return 'exit code'
    case 'last-line':
      return 'last line'
    case 'fact':
      return `fact:${by.path}`
    case 'capture':
      return `capture:${by.expression}`
  }
}
