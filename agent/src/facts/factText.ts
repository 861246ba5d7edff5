import { load as parseYaml } from 'js-yaml'
import type { Facts, FactValue } from '../../../src/protocol/facts.ts'

/** Facts nested deeper than this are not facts but an accident. */
const maxDepth = 64

/**
 * Understands the text of a fact file. JSON and YAML hold a map; text without structure is a list of words that
 * becomes `classes` (puppet's `classes.txt`), as in the original.
 * @param format by the file's name; `any` for names that tell nothing
 * @throws Error in words
 */
export function parseFactFile(text: string, format: 'json' | 'words' | 'any'): Facts {
  if (format === 'words') return { classes: wordsOf(text) }
  if (isBlank(text)) return {}
  const parsed: unknown = format === 'json' ? JSON.parse(text) : parseYaml(withoutRubyTags(text))
  if (parsed === null || parsed === undefined) return {}
  if (typeof parsed === 'string' && format === 'any') return { classes: wordsOf(parsed) }
  return toFacts(parsed)
}

/**
 * Understands what a program printed: a JSON or YAML map, or lines of `key=value` as facter's external facts have.
 * @throws Error in words
 */
export function parseFactOutput(text: string): Facts {
  if (isBlank(text)) return {}
  if (text.trimStart().startsWith('{')) return toFacts(JSON.parse(text))
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const pairs = lines.map((line) => /^\s*([^\s=:]+)=(.*)$/.exec(line))
  if (pairs.every((pair) => pair !== null)) {
    return Object.fromEntries(pairs.map(([, key, value]) => [key as string, (value as string).trim()]))
  }
  return toFacts(parseYaml(withoutRubyTags(text)))
}

/**
 * Makes plain JSON data of whatever a parser gave.
 * @throws Error when it is not a map
 */
export function toFacts(value: unknown): Facts {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date) {
    throw new Error('expected a map of facts at the top')
  }
  return toFactValue(value, 0) as Facts
}

function toFactValue(value: unknown, depth: number): FactValue {
  if (depth > maxDepth) throw new Error(`facts nested deeper than ${maxDepth} levels`)
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map((item) => toFactValue(item, depth + 1))
  if (typeof value === 'object') {
    const entries = value instanceof Map ? [...value] : Object.entries(value)
    return Object.fromEntries(entries.map(([key, item]) => [String(key), toFactValue(item, depth + 1)]))
  }
  return String(value)
}

/** Nothing but comments: YAML has no name for that, people do it all the time. */
function isBlank(text: string): boolean {
  return text.split('\n').every((line) => /^\s*(#.*)?$/.test(line))
}

function wordsOf(text: string): string[] {
  return [...new Set(text.split(/\s+/).filter((word) => word !== ''))]
}

/** Puppet and facter write their own types (`!ruby/sym`, `!ruby/object:…`) into YAML; the data beneath is plain. */
function withoutRubyTags(text: string): string {
  return text.replace(/(^|\s)!ruby\/\S+( |$)/gm, '$1')
}
