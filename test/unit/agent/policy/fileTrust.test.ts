import { chmodSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { canOthersChangeFile } from '../../../../agent/src/policy/fileTrust.ts'

const asRoot = it.runIf(process.getuid?.() === 0)
const stranger = 65_534

let base: string
let file: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'file-trust-'))
  mkdirSync(join(base, 'outer/inner'), { recursive: true, mode: 0o755 })
  mkdirSync(join(base, 'links'), { mode: 0o755 })
  file = join(base, 'outer/inner/policy.yaml')
  writeFileSync(file, '', { mode: 0o644 })
  symlinkSync('../outer/inner/policy.yaml', join(base, 'links/relative'))
  symlinkSync(join(base, 'outer'), join(base, 'links/folder'))
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

const ways = () => [file, join(base, 'links/relative'), join(base, 'links/folder/inner/policy.yaml')]

async function judged(): Promise<boolean[]> {
  return Promise.all(ways().map(canOthersChangeFile))
}

describe('a file that others can change', () => {
  it('is not one of the agent’s user in folders of the agent’s user and root, nor by links in such folders', async () => {
    expect(await judged()).toEqual([false, false, false])
  })

  it.each([
    ['the file is open to all', 'outer/inner/policy.yaml', 0o646],
    ['the file is open to its group', 'outer/inner/policy.yaml', 0o664],
    ['its folder is open to all', 'outer/inner', 0o777],
    ['the folder above is open to all', 'outer', 0o757],
  ])('is one where %s', async (_, path, mode) => {
    chmodSync(join(base, path), mode)
    expect(await judged()).toEqual([true, true, true])
  })

  it('is one that is reached by a link in a folder that is open to all', async () => {
    chmodSync(join(base, 'links'), 0o777)
    expect(await judged()).toEqual([false, true, true])
  })

  it('is not one in a folder where others may add files, but exchange none', async () => {
    chmodSync(join(base, 'outer/inner'), 0o1777)
    expect(await judged()).toEqual([false, false, false])
  })

  it('is one behind links that lead round in a circle', async () => {
    symlinkSync('b', join(base, 'links/a'))
    symlinkSync('a', join(base, 'links/b'))
    expect(await canOthersChangeFile(join(base, 'links/a'))).toBe(true)
  })

  asRoot.each([
    ['the file', 'outer/inner/policy.yaml', [true, true, true]],
    ['its folder', 'outer/inner', [true, true, true]],
    ['a link to it', 'links/relative', [false, true, false]],
    ['a link to a folder above it', 'links/folder', [false, false, true]],
  ])('is one where %s belongs to somebody', async (_, path, judgement) => {
    lchownSync(join(base, path), stranger, stranger)
    expect(await judged()).toEqual(judgement)
  })

  asRoot('is one in a folder that is open to a group of others', async () => {
    lchownSync(join(base, 'outer'), 0, stranger)
    chmodSync(join(base, 'outer'), 0o775)
    expect(await judged()).toEqual([true, true, true])
  })
})
