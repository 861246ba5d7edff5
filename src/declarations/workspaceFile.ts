import { YAMLException } from 'js-yaml'
import * as v from 'valibot'
import { type FilterSets, noSets } from '../protocol/filter/filterSets.ts'
import { readFilterWithSets } from '../protocol/filter/writtenFilter.ts'
import { closestWord } from '../text/closestWord.ts'
import { type Localizable, LocalizableError, say, sentenceOf } from '../text/localizable.ts'
import { unknownKey } from './declaredValues.ts'
import { type ReadEnvironment, readEnvironment } from './environmentDeclaration.ts'
import { readSets, SetDeclaration } from './filterSets.ts'
import { isMap } from './isMap.ts'
import { describeIssue } from './problems.ts'
import { type EntryRead, type Parse, readSection, type Section, sections } from './sectionEntries.ts'
import { isProtected } from './settings.ts'
import { type Snippet, SnippetDeclaration } from './snippet.ts'
import { mostProblems } from './yamlReading.ts'
import { type BrokenEntry, notYaml, readForgiving } from './yamlRecovery.ts'
import {
  type Position,
  positionIn,
  type Span,
  type YamlEntry,
  type YamlPath,
  type YamlText,
} from './yamlTree.ts'

/** The contents of a workspace file. A problem in one entry leaves the others usable. */
export interface WorkspaceFile {
  readonly environments: readonly (UsableEnvironment & { readonly at: Span })[]
  readonly snippets: readonly (Snippet & { readonly at: Span })[]
  /** The named sets, which the filters of this file may use. */
  readonly sets: FilterSets
  /** Entries that cannot be used. */
  readonly unusable: readonly UnusableEntry[]
  /** All problems: in entries, in sections, in the file. */
  readonly problems: readonly FileProblem[]
  /** The names of all entries, usable or not. */
  readonly names: Readonly<Record<Section, readonly string[]>>
  /** The environments named by snippets, usable or not, and where. */
  readonly wanted: readonly { readonly environment: string; readonly at: Span }[]
  /** The position of the value at this path, for completion, hover and edits; undefined if there is none. */
  readonly locate: (path: YamlPath) => Position | undefined
}

type UsableEnvironment = Extract<ReadEnvironment, { ok: true }>

export interface FileProblem {
  /** A sentence. */
  readonly message: Localizable
  readonly at: Span
  /** What was probably meant instead. */
  readonly meant?: string
  /** The entry that cannot be used because of it; undefined if that is the file or a part of it. */
  readonly entry?: { readonly section: Section; readonly name: string }
}

export interface UnusableEntry {
  readonly section: Section
  readonly name: string
  readonly at: Span
  readonly messages: readonly Localizable[]
  /** Whether the environment declares itself protected. A value that cannot be read counts as yes. */
  readonly isProtected: boolean
}

/** Reads `.vscode/ec2-collective.yaml` or a `*.fleet.yaml`. Never throws: problems are part of the result. */
export function parseWorkspaceFile(text: string): WorkspaceFile {
  try {
    return readFile(readForgiving(text))
  } catch (error) {
    if (error instanceof LocalizableError)
      return { ...nothing, problems: [{ message: error.localizable, at: { start: 0, end: 1 } }] }
    if (!(error instanceof YAMLException)) throw error
    const start = Math.min(error.mark?.position ?? 0, text.length)
    return {
      ...nothing,
      problems: [{ message: notYaml(error), at: { start, end: start + 1 } }],
    }
  }
}

const nothing: WorkspaceFile = {
  environments: [],
  snippets: [],
  unusable: [],
  problems: [],
  sets: noSets,
  names: { environments: [], sets: [], snippets: [] },
  wanted: [],
  locate: () => undefined,
}

function readFile({
  root,
  problems: ofText,
  broken,
}: YamlText & { broken: readonly BrokenEntry[] }): WorkspaceFile {
  if (root === undefined) return nothing
  const locate = (path: YamlPath) => positionIn(root, path)
  const top = root.kind === 'map' ? root.entries : root.kind === 'nothing' ? [] : undefined
  if (top === undefined) {
    const message = say('A workspace file must be a map with the keys environments, sets and snippets.')
    return { ...nothing, locate, problems: [{ message, at: visible(root.span) }] }
  }
  const known = new Map()
  const environments = readSection('environments', top, ofText, known, parseEnvironment)
  const declared = readSection('sets', top, ofText, known, parseSet)
  const sets = readSets(
    new Map(declared.entries.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]))),
  )
  const ofSets = { ...declared, entries: declared.entries.map((entry) => judged(entry, sets)) }
  const snippets = readSection('snippets', top, ofText, known, parseSnippetWith(sets))
  const read = { environments, sets: ofSets, snippets }
  const ofEntries = sections.flatMap((section) => problemsOf(section, read[section].entries))
  const ofFile = [...top.flatMap(unknownSection), ...sections.flatMap((section) => read[section].problems)]
  const told = new Set(ofEntries.map(({ at }) => at))
  const elsewhere = ofText.filter(({ at }) => !told.has(at))
  const problems: FileProblem[] = [
    ...[...ofFile, ...elsewhere, ...ofEntries],
    ...broken.map(({ section, name, message, at }) => ({ message, at, entry: { section, name } })),
  ]
  return {
    environments: environments.entries.flatMap(({ value, at }) =>
      value ? [{ ...value, at: visible(at) }] : [],
    ),
    snippets: snippets.entries.flatMap(({ value, at }) => (value ? [{ ...value, at: visible(at) }] : [])),
    unusable: inTextOrder([
      ...sections.flatMap((section) => unusableOf(section, read[section].entries)),
      ...broken.map(({ section, name, nameAt, message, text }) => ({
        ...{ section, name, at: nameAt, messages: [message] },
        isProtected: section === 'environments' && saysProtected.test(text),
      })),
    ]),
    problems: inTextOrder(problems.map((problem) => ({ ...problem, at: visible(problem.at) }))).slice(
      0,
      mostProblems,
    ),
    sets,
    names: {
      environments: namesIn('environments', environments.entries, broken),
      sets: namesIn('sets', ofSets.entries, broken),
      snippets: namesIn('snippets', snippets.entries, broken),
    },
    wanted: snippets.entries.flatMap(({ node, data }) => {
      const at = positionIn(node, ['environment'])?.value
      const environment = isMap(data) ? data.environment : undefined
      return at !== undefined && typeof environment === 'string' ? [{ environment, at }] : []
    }),
    locate,
  }
}

const parseEnvironment: Parse<UsableEnvironment> = (name, data) => {
  const read = readEnvironment(name, data)
  return read.ok ? { value: read } : { problems: read.problems }
}

const parseSet: Parse<SetDeclaration> = (_, data) => {
  const parsed = v.safeParse(SetDeclaration, data)
  return parsed.success ? { value: parsed.output } : { problems: parsed.issues.map(describeIssue) }
}

/** A set that can be read, and yet not be used: in a circle, or with a filter that is none. */
function judged(entry: EntryRead<SetDeclaration>, sets: FilterSets): EntryRead<SetDeclaration> {
  const meaning = entry.value === undefined ? undefined : sets.meaningOf(entry.name)
  if (meaning?.kind !== 'unusable') return entry
  return { ...entry, value: undefined, problems: [...entry.problems, { message: meaning.why, at: entry.at }] }
}

function parseSnippetWith(sets: FilterSets): Parse<Snippet> {
  return (name, data) => {
    const parsed = v.safeParse(SnippetDeclaration, data)
    if (!parsed.success) return { problems: parsed.issues.map(describeIssue) }
    const { output: declaration } = parsed
    if (declaration.filter === undefined) return { value: { name, declaration } }
    try {
      return { value: { name, declaration, filter: readFilterWithSets(declaration.filter, sets) } }
    } catch (error) {
      if (!(error instanceof LocalizableError)) throw error
      return { problems: [{ path: ['filter'], message: sentenceOf(error) }] }
    }
  }
}

function namesIn(
  section: Section,
  entries: readonly { readonly name: string }[],
  broken: readonly BrokenEntry[],
): string[] {
  return [...entries, ...broken.filter((entry) => entry.section === section)].map(({ name }) => name)
}

function unknownSection({ key, keySpan }: YamlEntry): FileProblem[] {
  if (sections.some((section) => section === key)) return []
  const meant = closestWord(key, sections)
  const message =
    meant === undefined
      ? say('Unknown key “{0}”. A workspace file has environments, sets and snippets.', key)
      : unknownKey(key, meant)
  return [{ message, at: keySpan, ...(meant !== undefined && { meant }) }]
}

function problemsOf(section: Section, entries: readonly EntryRead<unknown>[]): FileProblem[] {
  return entries.flatMap(({ name, problems }) =>
    problems.map((problem) => ({ ...problem, entry: { section, name } })),
  )
}

function unusableOf(section: Section, entries: readonly EntryRead<unknown>[]): UnusableEntry[] {
  return entries.flatMap(({ name, at, data, problems }) =>
    problems.length === 0
      ? []
      : [
          {
            ...{ section, name, at: visible(at), messages: problems.map(({ message }) => message) },
            isProtected: section === 'environments' && isProtected(data),
          },
        ],
  )
}

/** The environments that the file, or the readable part of it, declares as protected. */
export function protectedNames({ environments, unusable }: WorkspaceFile): ReadonlySet<string> {
  return new Set([
    ...environments.flatMap(({ environment }) => (environment.protected ? [environment.name] : [])),
    ...unusable.flatMap(({ name, isProtected }) => (isProtected ? [name] : [])),
  ])
}

/** The same for a text that is not YAML. */
const saysProtected = /(?<![\w-])protected(?![\w-])(?!["']?\s*:\s*["']?false\b)/i

function inTextOrder<Found extends { readonly at: Span }>(found: readonly Found[]): Found[] {
  return [...found].sort((a, b) => a.at.start - b.at.start)
}

/** An empty span would be invisible. */
function visible({ start, end }: Span): Span {
  return { start, end: Math.max(end, start + 1) }
}
