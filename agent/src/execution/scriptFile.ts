import { chmod, chown, mkdir, mkdtemp, rm, rmdir, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { User } from './users.ts'

export interface ScriptFile {
  readonly path: string
  remove(): Promise<void>
}

/**
 * Writes a script that only `user` can read, below `directory`. The file keeps its name, so `$0` and error messages name
 * the script that its author knows. Another user's script lies in a folder that stays the agent's: that user can change
 * the script, but put nothing beside it, nor anything in the place of what the agent is going to delete.
 */
export async function writeScript(
  directory: string,
  name: string,
  content: Uint8Array,
  user: User,
): Promise<ScriptFile> {
  // Other users may pass through to their own folder, but not list this one.
  await mkdir(directory, { recursive: true, mode: 0o711 })
  // The agent's umask may have taken that away.
  await chmod(directory, 0o711)
  const folder = await mkdtemp(join(directory, 'run-'))
  const path = join(folder, name)
  try {
    await writeFile(path, content, { mode: 0o500, flag: 'wx' })
  } catch (error) {
    // Still the agent's own: a disk that is full, or a name such as "..".
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  if (user.uid === process.getuid?.())
    return { path, remove: () => rm(folder, { recursive: true, force: true }) }
  await chown(path, user.uid, user.gid)
  await chmod(folder, 0o711)
  return {
    path,
    async remove() {
      await unlink(path)
      await rmdir(folder)
    },
  }
}

/**
 * The program that a script asks for, with its arguments; undefined when it has no `#!` line. As the kernel reads
 * it: everything behind the program is one argument. Done here because the file system may forbid execution.
 */
export function shebangOf(content: Uint8Array): string[] | undefined {
  if (content[0] !== 0x23 || content[1] !== 0x21) return undefined
  const end = content.indexOf(0x0a)
  const line = Buffer.from(content.subarray(2, end === -1 ? undefined : end)).toString('utf8')
  // Not by one expression: a line of a million spaces would keep the agent busy for hours.
  const words = line.trim()
  if (words === '') return undefined
  const programEnd = words.search(/\s/)
  return programEnd === -1 ? [words] : [words.slice(0, programEnd), words.slice(programEnd).trim()]
}
