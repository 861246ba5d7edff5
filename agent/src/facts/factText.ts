import type { Facts } from '../../../src/protocol/facts.ts'
import { withoutMark } from '../formats/decodeText.ts'
import { readJson, readJsonAtStart } from '../formats/json.ts'
import { assertBounded } from '../formats/textBounds.ts'
import { readYaml } from '../formats/yaml.ts'
import { toFacts } from './factValues.ts'

/** Facts, and sentences about what is legible and most likely a mistake. */
export interface FactText {
  readonly facts: Facts
  readonly warnings: readonly string[]
}

/** What a file's name tells: `words` are classes or lines of `key=value`, `pairs` are only those. */
export type FactFormat = 'json' | 'yaml' | 'words' | 'pairs'

/**
 * Understands the text of a fact file. JSON and YAML hold a map; text without structure is a list of words that
 * becomes `classes` (puppet's `classes.txt`), as in the original, or lines of `key=value` as facter's external facts.
 * @throws Error in words
 */
export function parseFactFile(text: string, format: FactFormat): FactText {
  if (isBlank(text)) return { facts: {}, warnings: [] }
  assertBounded(text)
  if (format === 'pairs') return parsePairs(text)
  if (format === 'words') return parseWords(text)
  if (format === 'json') return { facts: toFacts(readJson(text)), warnings: [] }
  const { value, warnings } = readYaml(text)
  if (value === null) return { facts: {}, warnings }
  return typeof value === 'string' ? parseWords(text) : { facts: toFacts(value), warnings }
}

/**
 * Understands what a program printed: a JSON or YAML map, or lines of `key=value`. What it printed before that, or after
 * JSON, as warnings of libraries are, is left out and named.
 * @throws Error in words
 */
export function parseFactOutput(output: string): FactText {
  const text = withoutMark(output)
  if (isBlank(text)) return { facts: {}, warnings: [] }
  assertBounded(text)
  return parseJsonOutput(text) ?? parseYamlOutput(text)
}

/** JSON from its first brace on; undefined where there is none. */
function parseJsonOutput(text: string): FactText | undefined {
  // Within YAML, JSON may be indented text.
  const start = /^\s*\{/.test(text) ? 0 : /^\{/m.exec(text)?.index
  if (start === undefined) return undefined
  try {
    const { value, rest } = readJsonAtStart(text.slice(start))
    const warnings = [...leftOut('before', text.slice(0, start)), ...leftOut('after', rest)]
    return { facts: toFacts(value), warnings }
  } catch (error) {
    // YAML has braces, too; text that begins with one and is neither is best told as the JSON that it wants to be.
    if (isBlank(text.slice(0, start)) && !isYamlMap(text)) throw error
    return undefined
  }
}

function parseYamlOutput(output: string): FactText {
  if (!hasPairs(output) && ownFormatOfFacter.test(output))
    throw new Error('printed in facter’s own format: add --yaml or --json to its command')
  const start = /^---(?=\s|$)/m.exec(output)?.index ?? 0
  const text = output.slice(start)
  let reading: ReturnType<typeof readYaml>
  try {
    reading = readYaml(text)
  } catch (error) {
    if (!hasPairs(output)) throw error
    return parsePairs(output)
  }
  const { value, warnings } = reading
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  // In `url=http://x/?a: b` YAML sees a map, in `a=1` a text.
  if (hasPairs(output) && !(isMap && Object.keys(value).every((key) => !key.includes('='))))
    return parsePairs(output)
  const facts = value === null ? {} : toFacts(value)
  return { facts, warnings: [...leftOut('before', output.slice(0, start)), ...warnings] }
}

function isYamlMap(text: string): boolean {
  try {
    const { value } = readYaml(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

/** `role=web`, `mod::role = web`; neither `a == b`, `a => b` nor prose. Of a trimmed line, so that it takes linear time. */
const pair = /^([^\s=#][^\s=]*)(?:=|\s+=(?!>))(?!=)\s*(.*)$/s

/** `role => web`: for people. */
const ownFormatOfFacter = /^[^\s=]+ => /m

function hasPairs(text: string): boolean {
  return linesOf(text).some(({ line }) => pair.test(line))
}

function parsePairs(text: string): FactText {
  const facts = new Map<string, string>()
  const warnings: string[] = []
  for (const { line, number } of linesOf(text)) {
    const [, key, value] = pair.exec(line) ?? []
    if (key !== undefined && value !== undefined) facts.set(key, value)
    else warnings.push(`line ${number} is not key=value and is ignored: ${line.slice(0, 80)}`)
  }
  return { facts: toFacts(Object.fromEntries(facts)), warnings: warnings.slice(0, 3) }
}

function parseWords(text: string): FactText {
  const lines = linesOf(text).map(({ line }) => line)
  const pairs = lines.filter((line) => pair.test(line))
  const words = lines.filter((line) => !pair.test(line)).flatMap((line) => line.split(/\s+/))
  const { facts } = parsePairs(pairs.join('\n'))
  return { facts: words.length === 0 ? facts : { ...facts, classes: [...new Set(words)] }, warnings: [] }
}

/** Lines that say something, trimmed, with their numbers from 1. */
function linesOf(text: string): Array<{ line: string; number: number }> {
  return text
    .split(/\r\n?|\n/)
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => !/^\s*(#.*)?$/.test(line))
}

function leftOut(where: 'before' | 'after', noise: string): string[] {
  const [first] = linesOf(noise)
  return first === undefined ? [] : [`ignored what it printed ${where} its facts: ${first.line.slice(0, 80)}`]
}

/** Nothing but comments: YAML has no name for that, and people do it all the time. */
function isBlank(text: string): boolean {
  return linesOf(text).length === 0
}
