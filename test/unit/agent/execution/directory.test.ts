import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { holdDirectory } from '../../../../agent/src/execution/directory.ts'

const isRoot = process.getuid?.() === 0
/** Only root can give a directory away. */
const asRoot = it.runIf(isRoot)
const nobody = 65534
const own = process.getuid?.() ?? 0

let base: string

beforeEach(() => {
  // Directories above it are root's or have the sticky bit.
  base = realpathSync(mkdtempSync(join(tmpdir(), 'directory-')))
  chmodSync(base, 0o755)
  mkdirSync(join(base, 'app/inner'), { recursive: true })
  symlinkSync('app', join(base, 'link'))
  symlinkSync('/', join(base, 'root'))
  mkdirSync(join(base, 'elsewhere'))
  writeFileSync(join(base, 'elsewhere/Makefile'), '')
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

async function pathOf(path: string): Promise<string> {
  const held = await holdDirectory(path, [0, own])
  await held.release()
  return held.path
}

describe('a held directory', () => {
  it('has its real path, however it was written', async () => {
    for (const written of [
      'app',
      'app/',
      'app//',
      './app/.',
      'link',
      'link/',
      'app/inner/..',
      'link/inner/../../link',
    ])
      expect([written, await pathOf(`${base}/${written}`)]).toEqual([written, join(base, 'app')])
    expect(await pathOf(`${base}/root`)).toBe('/')
    expect(await pathOf(`${base}/root/${base}/link/inner`)).toBe(join(base, 'app/inner'))
  })

  it.each([
    ['is moved away', () => renameSync(join(base, 'app'), join(base, 'old'))],
    [
      'is replaced by another',
      () => {
        renameSync(join(base, 'app'), join(base, 'old'))
        renameSync(join(base, 'elsewhere'), join(base, 'app'))
      },
    ],
    [
      'is replaced by a link',
      () => {
        renameSync(join(base, 'app'), join(base, 'old'))
        symlinkSync('elsewhere', join(base, 'app'))
      },
    ],
    [
      'was reached by a link that now leads elsewhere',
      () => {
        rmSync(join(base, 'link'))
        symlinkSync('elsewhere', join(base, 'link'))
      },
    ],
  ])('stays the same when it %s before something starts in it', async (_, exchange) => {
    writeFileSync(join(base, 'app/inner/this one'), '')
    const held = await holdDirectory(join(base, 'link'), [0, own])
    exchange()
    expect(execFileSync('/bin/ls', ['inner'], { cwd: held.entrance }).toString()).toBe('this one\n')
    await held.release()
  })

  it('is not held by what is started in it', async () => {
    const held = await holdDirectory(base, [0, own])
    const seen = execFileSync('/bin/sh', ['-c', 'readlink /proc/self/fd/*; true'], { cwd: held.entrance })
    expect(seen.toString()).not.toContain(base)
    await held.release()
  })

  it.each([
    ['none', (path: string) => `the directory ${path} does not exist`],
    ['elsewhere/Makefile', (path: string) => `${path} is not a directory`],
    ['elsewhere/Makefile/x', (path: string) => `${path} is not a directory`],
  ])('cannot be %s', async (name, reason) => {
    const path = join(base, name)
    await expect(holdDirectory(path, [0, own])).rejects.toThrow(reason(path))
  })

  it.runIf(!isRoot)('cannot be one that the agent may not enter', async () => {
    chmodSync(join(base, 'app'), 0o600)
    await expect(holdDirectory(join(base, 'app'), [0, own])).rejects.toThrow('may not enter')
  })
})

describe('a directory is one that others can change', () => {
  const isOthers = async (path: string, trusted: readonly number[] = [0, own]) => {
    const held = await holdDirectory(join(base, path), trusted)
    await held.release()
    return held.isOthers
  }

  it('not when it and all above it are root’s or the run’s user’s', async () => {
    expect(await isOthers('app/inner')).toBe(false)
    chmodSync(join(base, 'app'), 0o1777)
    expect(await isOthers('app/inner')).toBe(false)
  })

  it.each([
    ['all may write to it', 'app/inner', 0o777],
    ['all may write to it, with the sticky bit', 'app/inner', 0o1777],
    ['its group may write to it', 'app/inner', 0o775],
    ['all may write above it', 'app', 0o777],
    ['the group may write above it', 'app', 0o775],
  ])('when %s', async (_, path, mode) => {
    chmodSync(join(base, path), mode)
    expect(await isOthers('app/inner')).toBe(true)
    expect(await isOthers('link/inner/')).toBe(true)
  })

  asRoot.each([
    ['it belongs to somebody', 'app/inner'],
    ['a part of its path belongs to somebody', 'app'],
  ])('when %s, other than the run’s user', async (_, path) => {
    chownSync(join(base, path), nobody, nobody)
    expect(await isOthers('app/inner')).toBe(true)
    expect(await isOthers('app/inner', [0, nobody])).toBe(false)
  })

  asRoot('when it belongs to somebody, in a folder where all may add some', async () => {
    chmodSync(base, 0o1777)
    chownSync(join(base, 'app'), nobody, nobody)
    expect(await isOthers('app')).toBe(true)
    expect(await isOthers('elsewhere')).toBe(false)
  })
})
