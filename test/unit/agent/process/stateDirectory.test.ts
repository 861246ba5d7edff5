import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { takeStateDirectory } from '../../../../agent/src/process/stateDirectory.ts'
import { mountSmallDisk } from '../../../support/smallDisk.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'state-'))
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('a state directory', () => {
  it('is made, is one agent’s alone, and can be had again when that one lets it go', async () => {
    const path = join(directory, 'made/state')
    const lock = await takeStateDirectory(path)
    expect(statSync(path).mode & 0o777).toBe(0o711)
    await expect(takeStateDirectory(path)).rejects.toThrow('Another agent is using the state directory')
    await lock.release()
    // An agent of an earlier version needs the name.
    expect(existsSync(join(path, 'lock'))).toBe(false)
    await (await takeStateDirectory(path)).release()
  })

  it('of somebody else is refused in words', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('only root can give a directory away')
    const path = join(directory, 'state')
    mkdirSync(path)
    chownSync(path, 65_534, 65_534)
    await expect(takeStateDirectory(path)).rejects.toThrow(/belongs to another user/)
  })

  it('can be taken on a full disk, again and again, where it was taken before', async (context) => {
    const disk = mountSmallDisk(join(directory, 'disk'), 2_048, 'ext4')
    if (disk === undefined) return context.skip('only root may mount a disk to fill')
    try {
      const path = join(disk.directory, 'state')
      await (await takeStateDirectory(path)).release()
      disk.fill()
      expect(() => mkdirSync(join(path, 'another'))).toThrow(/ENOSPC/)
      for (let turn = 0; turn < 3; turn += 1) {
        const lock = await takeStateDirectory(path)
        await expect(takeStateDirectory(path)).rejects.toThrow('Another agent is using the state directory')
        await lock.release()
        disk.fill()
      }
    } finally {
      disk.stop()
    }
  })
})
