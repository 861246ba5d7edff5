import { createHash } from 'node:crypto'
import { lstat, mkdir } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import { LocalizableError, say } from '../text/localizable.ts'

/** Longest path of a Unix socket: 104 bytes with their end on macOS, 108 on Linux. */
const maxSocketPath = 100

/**
 * Path of the Unix socket between the clients and the supervisor of the fleet in `directory`: in the directory itself
 * if that is short enough, otherwise in a directory of this user among the temporary files.
 * @throws Error when that directory belongs to another user
 */
export async function socketPath(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const near = path.join(directory, 'fleet.sock')
  if (Buffer.byteLength(near) <= maxSocketPath) return near
  const { uid } = userInfo()
  const own = path.join(tmpdir(), `ec2-collective-${uid}`)
  await mkdir(own, { recursive: true, mode: 0o700 })
  const found = await lstat(own)
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new LocalizableError(
      say('{0} must be a directory that only you can open. Remove it, or set TMPDIR to another folder.', own),
    )
  }
  return path.join(own, `${createHash('sha256').update(directory).digest('hex').slice(0, 16)}.sock`)
}
