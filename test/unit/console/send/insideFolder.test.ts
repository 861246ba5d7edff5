import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OutsideFolder, realPathInside } from '../../../../src/console/send/insideFolder.ts'

let home: string
let folder: string

beforeEach(async () => {
  home = await realpath(await mkdtemp(path.join(tmpdir(), 'inside-folder-')))
  folder = path.join(home, 'repository')
  await mkdir(path.join(folder, 'ops'), { recursive: true })
  await mkdir(path.join(home, '.aws'))
  await mkdir(path.join(home, 'repository-2'))
  for (const file of [
    'repository/ops/deploy.sh',
    'repository/..odd.sh',
    '.aws/credentials',
    'repository-2/x.sh',
  ])
    await writeFile(path.join(home, file), 'true\n')
  await symlink(path.join(home, '.aws'), path.join(folder, 'linked'))
  await symlink('../../.aws/credentials', path.join(folder, 'ops/key.sh'))
  await symlink('deploy.sh', path.join(folder, 'ops/same.sh'))
  await symlink('nowhere', path.join(folder, 'ops/dangling.sh'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

describe('a file that a repository names', () => {
  it.each([
    ['ops/deploy.sh', 'ops/deploy.sh'],
    ['./ops/../ops/deploy.sh', 'ops/deploy.sh'],
    ['ops/same.sh', 'ops/deploy.sh'],
    ['..odd.sh', '..odd.sh'],
  ])('may be %s', async (file, real) => {
    expect(await realPathInside(folder, file)).toBe(path.join(folder, real))
  })

  it('may be in a folder that is itself behind a link', async () => {
    await symlink(folder, path.join(home, 'alias'))
    expect(await realPathInside(path.join(home, 'alias'), 'ops/deploy.sh')).toBe(
      path.join(folder, 'ops/deploy.sh'),
    )
  })

  it.each(['ops/none.sh', 'ops/deploy.sh/x', 'ops/dangling.sh'])('may not be there: %s', async (file) => {
    expect(await realPathInside(folder, file)).toBeUndefined()
  })

  it.each([
    '../.aws/credentials',
    'ops/../../.aws/credentials',
    'linked/credentials',
    'ops/key.sh',
    '/etc/passwd',
    'C:\\Users\\me\\.aws\\credentials',
    '..',
    '.',
    '',
    '../repository-2/x.sh',
    '../none.sh',
  ])('may not be outside of its folder: %j', async (file) => {
    await expect(realPathInside(folder, file)).rejects.toThrow(OutsideFolder)
  })
})
