import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Log } from '../log/log.ts'

/**
 * Writes the process id where init scripts look for it. On a full disk the agent starts all the same.
 * @returns a function that removes the file, as long as it is still ours
 * @throws Error with a sentence for the user
 */
export async function writePidFile(path: string, log: Log): Promise<() => Promise<void>> {
  const own = `${process.pid}\n`
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 })
    await writeFile(path, own)
  } catch (cause) {
    if (/^(ENOSPC|EDQUOT)$/.test((cause as NodeJS.ErrnoException).code ?? '')) {
      log.error(`The pid file ${path} cannot be written: ${(cause as Error).message}.`)
      return async () => {}
    }
    throw new Error(
      `Cannot write the pid file ${path}: ${(cause as Error).message}. Choose another with --pidfile.`,
      {
        cause,
      },
    )
  }
  return async () => {
    const content = await readFile(path, 'utf8').catch(() => undefined)
    if (content === own) await rm(path, { force: true })
  }
}
