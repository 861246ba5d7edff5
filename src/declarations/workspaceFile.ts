import { load, YAMLException } from 'js-yaml'
import * as v from 'valibot'
import {
  type DeclarationProblem,
  describeIssue,
  type ReadEnvironment,
  readEnvironment,
} from './environmentDeclaration.ts'
import { type Snippet, SnippetDeclaration } from './snippet.ts'
import { locateYaml, type Position, type Span, type YamlPath } from './yamlPositions.ts'

/** What a workspace file declares. What is wrong in one entry leaves the others usable. */
export interface WorkspaceFile {
  readonly environments: readonly (Extract<ReadEnvironment, { ok: true }> & { readonly at: Span })[]
  readonly snippets: readonly (Snippet & { readonly at: Span })[]
  readonly problems: readonly FileProblem[]
  /** Where the value at this path stands, for completion, hover and edits; undefined where there is none. */
  readonly locate: (path: YamlPath) => Position | undefined
}

export interface FileProblem {
  readonly message: string
  readonly at: Span
  /** The entry that cannot be used because of it; undefined where that is the file, or a part of it. */
  readonly entry?: { readonly section: 'environments' | 'snippets'; readonly name: string }
}

/** Reads `.vscode/ec2-collective.yaml` or a `*.fleet.yaml`. Never throws: problems are part of the answer. */
export function parseWorkspaceFile(text: string): WorkspaceFile {
  const nothing = { environments: [], snippets: [], locate: () => undefined }
  if (/^(\s*(#.*)?(\n|$))*$/.test(text)) return { ...nothing, problems: [] }
  let data: unknown
  let locate: WorkspaceFile['locate']
  try {
    data = load(text)
    locate = locateYaml(text)
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const start = Math.min(error.mark?.position ?? 0, text.length)
    return {
      ...nothing,
      problems: [{ message: `Not YAML: ${error.reason}.`, at: { start, end: start + 1 } }],
    }
  }
  const problems: FileProblem[] = []
  const report = (at: YamlPath, found: readonly DeclarationProblem[]) => {
    const [section, name] = at
    const isEntry = (section === 'environments' || section === 'snippets') && typeof name === 'string'
    for (const { path, message } of found) {
      const problem = { message, at: spanOf(locate, [...at, ...path]) }
      problems.push(isEntry ? { ...problem, entry: { section, name } } : problem)
    }
  }
  const top = asMap(data)
  if (top === undefined) {
    report([], [{ path: [], message: 'Expects a map with the keys environments and snippets.' }])
    return { ...nothing, locate, problems }
  }
  for (const key of Object.keys(top)) {
    if (key !== 'environments' && key !== 'snippets') {
      report([], [{ path: [key], message: `“${key}” is not known here; environments and snippets are.` }])
    }
  }
  const environments = entries(top, 'environments', report).flatMap(([name, declared]) => {
    const at = ['environments', name]
    const read = readEnvironment(name, declared)
    if (read.ok) return [{ ...read, at: spanOf(locate, at) }]
    report(at, read.problems)
    return []
  })
  const snippets = entries(top, 'snippets', report).flatMap(([name, declared]) => {
    const at = ['snippets', name]
    const parsed = v.safeParse(SnippetDeclaration, declared)
    if (parsed.success) return [{ name, declaration: parsed.output, at: spanOf(locate, at) }]
    report(at, parsed.issues.map(describeIssue))
    return []
  })
  return { environments, snippets, problems, locate }
}

/** Line and column, both from 1, of a character offset. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}

type Report = (at: YamlPath, problems: readonly DeclarationProblem[]) => void

function entries(top: Record<string, unknown>, key: string, report: Report): [string, unknown][] {
  const value = top[key]
  if (value === undefined || value === null) return []
  const map = asMap(value)
  if (map === undefined) report([], [{ path: [key], message: `“${key}” must be a map of names.` }])
  return Object.entries(map ?? {})
}

function asMap(value: unknown): Record<string, unknown> | undefined {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isMap ? (value as Record<string, unknown>) : undefined
}

/** The key where there is one (problems are easier to see there than under a whole block), else the nearest parent. */
function spanOf(locate: WorkspaceFile['locate'], path: YamlPath): Span {
  for (let length = path.length; length >= 0; length--) {
    const position = locate(path.slice(0, length))
    if (position === undefined) continue
    const { start, end } = position.key ?? position.value
    return { start, end: Math.max(end, start + 1) }
  }
  return { start: 0, end: 1 }
}
