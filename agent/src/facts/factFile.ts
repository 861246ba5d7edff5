import { readBoundedFile } from './boundedFile.ts'
import type { FactSource, SourceReading } from './factSource.ts'
import { type FactFormat, parseFactFile } from './factText.ts'

/** A file that takes longer is on a disk in trouble, milliseconds. */
const timeoutMs = 5_000

/** Puppet writes such files at its first run, which may be after the agent's start. */
const notYet: SourceReading = {
  facts: undefined,
  problems: [],
  warnings: ['no such file yet. It is read as soon as there is one'],
}

/**
 * A file of facts, parsed again only when it changed. Its name tells its format, where nothing else does.
 * @param seen paths at which there has been a file: one that is gone is a problem, and one that never was is none
 */
export function createFactFile(
  path: string,
  format: FactFormat = formatOf(path),
  seen: Set<string> = new Set(),
): FactSource {
  let stamp: string | undefined
  let known: SourceReading | Error | undefined
  return {
    name: `file ${path}`,
    // The program that may have to read for us gets a second to end, and one more.
    withinMs: timeoutMs + 2_000,
    async read() {
      const content = await readBoundedFile(path, known === undefined ? undefined : stamp, timeoutMs).catch(
        (error: Error) => {
          if (isMissing(error) && !seen.has(path)) return 'missing' as const
          if (!isMissing(error)) seen.add(path)
          throw error
        },
      )
      if (content === 'missing') return notYet
      seen.add(path)
      if (content !== undefined) {
        stamp = content.stamp
        known = understand(content.text, format, content.warnings)
      }
      if (known instanceof Error) throw known
      return known as SourceReading
    },
  }
}

function isMissing({ cause }: Error): boolean {
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
}

function understand(text: string, format: FactFormat, encoding: readonly string[]): SourceReading | Error {
  try {
    const { facts, warnings } = parseFactFile(text, format)
    return { facts, problems: [], warnings: [...encoding, ...warnings] }
  } catch (error) {
    return error as Error
  }
}

function formatOf(path: string): FactFormat {
  if (/\.json$/i.test(path)) return 'json'
  return /\.txt$/i.test(path) ? 'words' : 'yaml'
}
