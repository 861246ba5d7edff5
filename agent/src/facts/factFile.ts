import { readFile, stat } from 'node:fs/promises'
import type { Facts } from '../../../src/protocol/facts.ts'
import type { FactSource } from './factReader.ts'
import { parseFactFile } from './factText.ts'

/** A larger file is not facts but an accident, bytes. */
const maxFileBytes = 8 * 1024 * 1024

/** A file of facts, parsed again only when it changed. */
export function createFactFile(path: string): FactSource {
  let known: { stamp: string; facts: Facts } | undefined
  return {
    name: `file ${path}`,
    async read() {
      const { mtimeMs, size, ino } = await stat(path).catch(inWords)
      if (size > maxFileBytes) throw new Error(`larger than ${maxFileBytes} bytes`)
      const stamp = `${mtimeMs} ${size} ${ino}`
      if (known?.stamp !== stamp) {
        const text = await readFile(path, 'utf8').catch(inWords)
        known = { stamp, facts: parseFactFile(text, formatOf(path)) }
      }
      return known.facts
    },
  }
}

function formatOf(path: string): 'json' | 'words' | 'any' {
  if (path.endsWith('.json')) return 'json'
  return path.endsWith('.txt') ? 'words' : 'any'
}

function inWords(cause: NodeJS.ErrnoException): never {
  const reasons: Record<string, string> = {
    ENOENT: 'no such file',
    EACCES: 'not readable',
    EISDIR: 'a directory',
  }
  throw new Error(reasons[cause.code ?? ''] ?? cause.message, { cause })
}
