import { chmod, chown, mkdir, mkdtemp, rm, rmdir, unlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
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

/**
 * Why a script would not do what its author sees, because an editor or a version control system has changed its bytes; in a
 * sentence. Undefined where there is nothing of that kind.
 * @param program that will run it
 */
export function spoiledText(content: Uint8Array, program: string): string | undefined {
  const [first, second, third] = content
  if (first === 0xef && second === 0xbb && third === 0xbf)
    return 'it begins with a byte order mark, so its #! line would not be read. Save it as UTF-8 without BOM'
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return 'it is UTF-16 text. Save it as UTF-8 without BOM'
  const end = content.indexOf(0x0a)
  if (end < 1 || content[end - 1] !== 0x0d) return undefined
  const hasShebang = first === 0x23 && second === 0x21
  return hasShebang || isShell(program) ? windowsLines : undefined
}

/** The same for a command of several lines. */
export function spoiledCommand(command: string): string | undefined {
  return /^[^\n]*\r\n/.test(command) ? windowsLines : undefined
}

const windowsLines =
  'its lines end as on Windows (CRLF), and a shell would take each carriage return for text. Save it with LF line ends'

function isShell(program: string): boolean {
  return /^(ba|da|a|k|mk|z)?sh$/.test(basename(program))
}
