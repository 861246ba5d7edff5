import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../execution/program.ts'
import { createFactFile } from './factFile.ts'
import type { FactSource } from './factReader.ts'
import { parseFactOutput } from './factText.ts'

/**
 * The sources within a `facts.d` directory, in the order of their names: executables that print facts, and JSON or
 * YAML files. What others than the agent's own user may write is not executed.
 */
export async function listFactPrograms(directory: string, o: { timeoutMs: number }): Promise<FactSource[]> {
  const names = await readdir(directory).catch(() => [])
  const sources = names
    .filter((name) => !name.startsWith('.') && !name.endsWith('~'))
    .sort()
    .map(async (name): Promise<FactSource | undefined> => {
      const path = join(directory, name)
      const found = await stat(path).catch(() => undefined)
      if (found === undefined || !found.isFile()) return undefined
      if ((found.mode & 0o111) !== 0) return factProgram(path, o)
      return /\.(json|ya?ml)$/.test(name) ? createFactFile(path) : undefined
    })
  return (await Promise.all(sources)).filter((source) => source !== undefined)
}

function factProgram(path: string, o: { timeoutMs: number }): FactSource {
  return {
    name: `program ${path}`,
    async read() {
      const { mode, uid } = await stat(path)
      if ((mode & 0o022) !== 0 || (uid !== 0 && uid !== process.getuid?.())) {
        throw new Error(
          "not executed, because others than the agent's own user may change it: chown root, chmod go-w",
        )
      }
      return parseFactOutput(await runProgram(path, [], { timeoutMs: o.timeoutMs }))
    },
  }
}
