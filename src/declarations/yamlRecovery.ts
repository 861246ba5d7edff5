import { YAMLException } from 'js-yaml'
import { type Localizable, say } from '../text/localizable.ts'
import { isSection, type Section } from './sectionEntries.ts'
import { mostLevels, readYaml } from './yamlReading.ts'
import type { Span, YamlText } from './yamlTree.ts'

/** An entry of a section that is not YAML, while the rest of the file is. */
export interface BrokenEntry {
  readonly section: Section
  readonly name: string
  /** Its name, and where the text becomes invalid. */
  readonly nameAt: Span
  readonly message: Localizable
  readonly at: Span
  /** Its text as written, for what has to be known of it nevertheless. */
  readonly text: string
}

/**
 * Reads a workspace file. If it is not YAML, reads it without the invalid entries: one quotation mark that is not closed
 * must not make everything below it unusable. Positions are those in `text`.
 * @throws YAMLException when that does not help
 */
export function readForgiving(text: string): YamlText & { readonly broken: readonly BrokenEntry[] } {
  try {
    return { ...readYaml(text), broken: [] }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const broken = entriesOf(text).flatMap((entry) => brokenEntry(text, entry))
    if (broken.length === 0) throw error
    try {
      return { ...readYaml(without(text, broken)), broken }
    } catch {
      throw error
    }
  }
}

/** The reason is the parser's, and stays English. */
export function notYaml({ reason }: YAMLException): Localizable {
  if (reason.includes('maxDepth')) return say('This is nested more than {0} levels deep.', mostLevels)
  return say('Not YAML: {0}.', reason)
}

interface EntryText {
  readonly section: Section
  readonly name: string
  readonly start: number
  end: number
}

function brokenEntry(text: string, { section, name, start, end }: EntryText): BrokenEntry[] {
  const own = text.slice(start, end)
  try {
    readYaml(own)
    return []
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const sign = unquotedAt.exec(own)
    const position = sign === null ? (error.mark?.position ?? 0) : sign.index + sign[0].length - 1
    const at = start + Math.min(position, own.trimEnd().length)
    const nameAt = { start, end: start + (/:(\s|$)/.exec(own)?.index ?? 1) }
    return [
      {
        section,
        name,
        nameAt,
        message:
          sign === null ? notYaml(error) : say('A value that begins with @ needs quotes, as in "@name".'),
        at: { start: at, end: at + 1 },
        text: own,
      },
    ]
  }
}

/** As in `filter: @canaries`: YAML keeps this character for itself. */
const unquotedAt = /^[^#"'\n]{0,1000}[:[,-][ \t]{0,100}@/m

/**
 * The entries by indentation, the only available structure: each begins at its name, and includes the lines below it up to
 * the next name, or to the next line that is not indented.
 */
function entriesOf(text: string): EntryText[] {
  const entries: EntryText[] = []
  let section: Section | undefined
  let indent: number | undefined
  let offset = 0
  for (const line of text.split(/(?<=\n)/)) {
    const start = offset
    offset += line.length
    if (/^\s*(#|$)/.test(line)) continue
    const depth = /^[ \t]*/.exec(line)?.[0].length ?? 0
    const isName = !/^ *\t/.test(line) && (indent === undefined || depth <= indent)
    const name = isName ? nameIn(line) : undefined
    if (depth === 0) {
      section = isSection(name) ? name : undefined
      indent = undefined
      continue
    }
    if (section === undefined) continue
    indent ??= depth
    if (name !== undefined) {
      entries.push({ section, name, start: start + depth, end: offset })
    }
    const last = entries.at(-1)
    if (last !== undefined) last.end = offset
  }
  return entries
}

/** The key at the start of a line. Lines longer than a name can be are not searched. */
function nameIn(line: string): string | undefined {
  return /^ *(["']?)([^\s#].*?)\1\s*:(?=\s|$)/.exec(line.slice(0, 1000))?.[2]
}

/** Replaces the entries by blanks, so that all other positions stay the same. */
function without(text: string, entries: readonly BrokenEntry[]): string {
  let end = 0
  const pieces = entries.flatMap(({ nameAt: { start }, text: own }) => {
    const kept = text.slice(end, start)
    end = start + own.length
    return [kept, own.replace(/[^\r\n]/g, ' ')]
  })
  return pieces.join('') + text.slice(end)
}
