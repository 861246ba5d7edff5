import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseMounts, remoteFileSystemOf } from '../../../../agent/src/facts/remoteFiles.ts'

const table = [
  '22 1 259:1 / / rw,relatime shared:1 - ext4 /dev/root rw',
  '42 22 0:39 / /mnt/data rw,relatime - nfs4 server:/export rw,addr=10.0.0.9',
  '43 22 0:40 / /mnt/with\\040blank rw - fuse.sshfs me@host: rw',
  '44 42 0:41 / /mnt/data/local rw - tmpfs tmpfs rw',
  '45 22 0:42 / /srv rw - ext4 /dev/sdb rw',
  '46 45 0:43 / /srv rw - cifs //nas/share rw',
  '',
].join('\n')

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mounts-'))
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

const typeOf = (path: string, mounts = table) => remoteFileSystemOf(path, async () => mounts)

describe('the file system of a path', () => {
  it('is read from the table of mounts', () => {
    expect(parseMounts(table).slice(1, 3)).toEqual([
      { point: '/mnt/data', type: 'nfs4' },
      { point: '/mnt/with blank', type: 'fuse.sshfs' },
    ])
  })

  it.each([
    ['/mnt/data', 'nfs4'],
    ['/mnt/data/facts.yaml', 'nfs4'],
    ['/mnt//data/./x/../facts.yaml', 'nfs4'],
    ['/mnt/with blank/facts.yaml', 'fuse.sshfs'],
    ['/mnt/data/local/facts.yaml', 'nfs4'],
    ['/srv/facts.yaml', 'cifs'],
    ['/mnt/database/facts.yaml', undefined],
    ['/etc/facts.yaml', undefined],
    ['/', undefined],
  ])('of %s is remote or not: %s', async (path, type) => {
    expect(await typeOf(path)).toBe(type)
  })

  it('is found through links, which are followed only as far as they are local', async () => {
    symlinkSync('/mnt/data/facts.yaml', join(directory, 'direct'))
    symlinkSync('direct', join(directory, 'twice'))
    symlinkSync('../../../mnt/data', join(directory, 'relative'))
    symlinkSync('loop', join(directory, 'loop'))
    writeFileSync(join(directory, 'plain'), '')
    expect(await typeOf(join(directory, 'direct'))).toBe('nfs4')
    expect(await typeOf(join(directory, 'twice'))).toBe('nfs4')
    expect(await typeOf(`${directory}/twice/../twice`)).toBe('nfs4')
    expect(await typeOf(join(directory, 'loop'))).toBeUndefined()
    expect(await typeOf(join(directory, 'plain'))).toBeUndefined()
  })

  it('counts as local where the whole machine lives on the network', async () => {
    const diskless = '22 1 0:20 / / rw - nfs server:/root rw\n'
    expect(await typeOf('/etc/facts.yaml', diskless)).toBeUndefined()
  })

  it('is local where nobody tells mounts', async () => {
    expect(await typeOf('/mnt/data/x', '')).toBeUndefined()
  })
})
