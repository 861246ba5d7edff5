import { readFile, readlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** File systems whose server, daemon or host may be unavailable: access to a path on them may hang forever. */
const remoteTypes =
  /^(?:9p|afs|autofs|ceph|cifs|coda|fuse|fuse\..*|fuseblk|gfs2?|glusterfs|lustre|ncpfs|nfs\d?|ocfs2|smb\d?|smbfs|vboxsf|virtiofs)$/

/** As many symbolic links as Linux follows. */
const maxLinks = 40

interface Mount {
  readonly point: string
  readonly type: string
}

/**
 * The type of the network file system that a path leads to; undefined for a path on local disks. Nothing is asked of the
 * network: links are followed one by one, and only as far as they are local. The root file system counts as local: when
 * that hangs, everything does.
 */
export async function remoteFileSystemOf(
  path: string,
  readTable = readMountTable,
): Promise<string | undefined> {
  const mounts = parseMounts(await readTable())
  if (mounts.length === 0) return undefined
  const ahead = path.split('/')
  let here = '/'
  for (let links = 0; ; ) {
    const name = ahead.shift()
    if (name === undefined) return undefined
    if (name === '' || name === '.') continue
    if (name === '..') {
      here = dirname(here)
      continue
    }
    const next = join(here, name)
    const type = remoteTypeAt(next, mounts)
    if (type !== undefined) return type
    const target = await readlink(next).catch(() => undefined)
    if (target === undefined) {
      here = next
      continue
    }
    links += 1
    if (links > maxLinks) return undefined
    ahead.unshift(...target.split('/'))
    if (target.startsWith('/')) here = '/'
  }
}

function readMountTable(): Promise<string> {
  return readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
}

/** Reads the text of `/proc/self/mountinfo`. */
export function parseMounts(table: string): Mount[] {
  return table.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const point = before.split(' ')[4]
    const type = after.split(' ')[0]
    if (point === undefined || type === undefined || type === '') return []
    const unescaped = point.replace(/\\(\d{3})/g, (_, octal) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    )
    return [{ point: unescaped, type }]
  })
}

function remoteTypeAt(path: string, mounts: readonly Mount[]): string | undefined {
  let found: Mount | undefined
  for (const mount of mounts) {
    const covers = path === mount.point || path.startsWith(mount.point === '/' ? '/' : `${mount.point}/`)
    if (covers && mount.point.length >= (found?.point.length ?? 0)) found = mount
  }
  if (found === undefined || found.point === '/') return undefined
  return remoteTypes.test(found.type) ? found.type : undefined
}
