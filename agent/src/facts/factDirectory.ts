import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describeFailure, type ProgramEnd, runToEnd } from '../execution/program.ts'
import { decodeText } from '../formats/decodeText.ts'
import { canOthersChangeFile } from '../policy/fileTrust.ts'
import { createFactFile } from './factFile.ts'
import { type FactSource, readingOf, type SourceReading } from './factSource.ts'
import { type FactFormat, type FactText, parseFactOutput } from './factText.ts'
import { remoteFileSystemOf } from './remoteFiles.ts'

/** The current sources, in their order of merging. */
export interface SourceList {
  readonly sources: readonly FactSource[]
  /** Sentences about what is no source although it looks like one. */
  readonly warnings: readonly string[]
  /** Sentences about places that could not be looked at. */
  readonly problems: readonly string[]
}

/** What kind of source an entry of `facts.d` is. */
export type FactEntry =
  | { readonly kind: 'file'; readonly format: FactFormat }
  | { readonly kind: 'program' }
  /** `why` completes "is ignored: "; absent for files that need no explanation. */
  | { readonly kind: 'none'; readonly why?: string }

/** Names of backups and samples made by editors and package managers. */
const setAside =
  /~$|^#.*#$|\.(?:bak|backup|old|orig|save|swp|swo|tmp|rej|disabled|sample|example|rpm(?:save|new|orig)|pac(?:save|new|orig)|dpkg-[a-z]+|ucf-[a-z]+|cfsaved|augsave)(?:\.[0-9]+)?$/i

/** The name decides first: data is read as data, even if the file is executable. */
export function entryOf(name: string, found: { isFile(): boolean; readonly mode: number }): FactEntry {
  if (name.startsWith('.')) return { kind: 'none' }
  if (setAside.test(name)) return { kind: 'none', why: 'its name is that of a backup or a sample' }
  if (!found.isFile()) return { kind: 'none', why: 'not a regular file' }
  if (/\.json$/i.test(name)) return { kind: 'file', format: 'json' }
  if (/\.ya?ml$/i.test(name)) return { kind: 'file', format: 'yaml' }
  if (/\.txt$/i.test(name)) return { kind: 'file', format: 'pairs' }
  if ((found.mode & 0o111) !== 0) return { kind: 'program' }
  return { kind: 'none', why: 'neither executable nor named .json, .yaml or .txt' }
}

/**
 * A `facts.d` directory: its programs print facts, its files hold some, in the order of their names. Each source is the
 * same object for as long as its file is there, so that it remembers what it read.
 * @returns a function that looks what is there
 */
export function createFactDirectory(directory: string, o: { timeoutMs: number }): () => Promise<SourceList> {
  let known = new Map<string, FactSource>()
  return async () => {
    const remote = await remoteFileSystemOf(directory)
    if (remote !== undefined) {
      // Even to start a program from there may hang the whole agent.
      const why = `on a network file system (${remote}), which may hang: move it to a local disk`
      return { sources: [], warnings: [], problems: [`directory ${directory}: ${why}`] }
    }
    const warnings: string[] = []
    const sources = new Map<string, FactSource>()
    const names = await readdir(directory).catch(() => [])
    for (const name of names.sort()) {
      const path = join(directory, name)
      const found = await stat(path).catch(() => undefined)
      if (found === undefined) continue
      const entry = entryOf(name, found)
      if (entry.kind === 'none') {
        if (entry.why !== undefined) warnings.push(`${path} is ignored: ${entry.why}`)
        continue
      }
      const key = `${path} ${entry.kind === 'file' ? entry.format : 'program'}`
      const create = () =>
        entry.kind === 'file'
          ? createFactFile(path, entry.format, new Set([path]))
          : createFactProgram(path, o.timeoutMs)
      sources.set(key, known.get(key) ?? create())
    }
    known = sources
    return { sources: [...sources.values()], warnings, problems: [] }
  }
}

function createFactProgram(path: string, timeoutMs: number): FactSource {
  return {
    name: `program ${path}`,
    withinMs: timeoutMs + 5_000,
    async read() {
      if (await canOthersChangeFile(path)) {
        throw new Error(
          "not executed, because others than the agent's own user may change it or put another in its place: chown root, chmod go-w, also for the folders above it",
        )
      }
      return readPrinted(await runToEnd(path, [], { timeoutMs }))
    },
  }
}

/**
 * The output of a program counts even when it fails: facter fails when one fact of many cannot be determined.
 * @throws Error in words when that are no facts
 */
export function readPrinted({ exitCode, stdout, complaint }: ProgramEnd): SourceReading {
  if (exitCode === 0) return readingOf(parsePrinted(stdout))
  const failure = describeFailure(exitCode, complaint)
  try {
    const printed = parsePrinted(stdout)
    if (Object.keys(printed.facts).length > 0) return readingOf(printed, [failure])
  } catch {
    // Its error message says more than that its output contains no facts.
  }
  throw new Error(failure)
}

function parsePrinted(stdout: Uint8Array): FactText {
  const { text, warning } = decodeText(stdout)
  const { facts, warnings } = parseFactOutput(text)
  return { facts, warnings: warning === undefined ? warnings : [warning, ...warnings] }
}
