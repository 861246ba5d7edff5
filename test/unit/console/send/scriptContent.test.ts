import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  mostScriptBytes,
  NotAScript,
  readInside,
  readScript,
} from '../../../../src/console/send/scriptContent.ts'

/** What somebody else does just after the program has used the file system: a race that always happens. */
const afterwards = vi.hoisted(() => ({ acts: [] as { after: string; act: () => Promise<unknown> }[] }))
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  const followed =
    (name: 'realpath' | 'stat' | 'open') =>
    async (...args: unknown[]) => {
      const result = await (real[name] as (...args: unknown[]) => Promise<unknown>)(...args)
      if (afterwards.acts[0]?.after === name) await afterwards.acts.shift()?.act()
      return result
    }
  return { ...real, realpath: followed('realpath'), stat: followed('stat'), open: followed('open') }
})
const then = (after: string, act: () => Promise<unknown>) => void afterwards.acts.push({ after, act })

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
    await writeFile(path.join(home, file), `${file}\n`)
  await symlink(path.join(home, '.aws'), path.join(folder, 'linked'))
  await symlink('../../.aws/credentials', path.join(folder, 'ops/key.sh'))
  await symlink('deploy.sh', path.join(folder, 'ops/same.sh'))
  await symlink('nowhere', path.join(folder, 'ops/dangling.sh'))
})
afterEach(async () => {
  afterwards.acts.length = 0
  await rm(home, { recursive: true, force: true })
})

const read = async (file: string) => {
  const content = await readInside(folder, file)
  return content === undefined ? undefined : Buffer.from(content).toString()
}
const refusal = (file: string) =>
  readInside(folder, file).then(
    (content) => content,
    (error: unknown) => (error instanceof NotAScript ? error.why : error),
  )

describe('a file that a repository names', () => {
  it.each([
    ['ops/deploy.sh', 'repository/ops/deploy.sh\n'],
    ['./ops/../ops/deploy.sh', 'repository/ops/deploy.sh\n'],
    ['ops/same.sh', 'repository/ops/deploy.sh\n'],
    ['..odd.sh', 'repository/..odd.sh\n'],
  ])('may be %s', async (file, content) => {
    expect(await read(file)).toBe(content)
  })

  it('may be in a folder that is itself behind a link', async () => {
    await symlink(folder, path.join(home, 'alias'))
    expect(await readInside(path.join(home, 'alias'), 'ops/deploy.sh')).toBeDefined()
  })

  it('may have as many bytes as a command can carry, of any value', async () => {
    const content = Buffer.alloc(mostScriptBytes, '\0\xff\r\n')
    await writeFile(path.join(folder, 'big'), content)
    expect(Buffer.from((await readInside(folder, 'big')) ?? []).equals(content)).toBe(true)
  })

  it.each([
    'ops/none.sh',
    'ops/deploy.sh/x',
    'ops/dangling.sh',
    'linked/../.aws/credentials',
    'self/../repository-2/x.sh',
    'ops/circle',
  ])('may not be there: %s', async (file) => {
    await symlink('circle', path.join(folder, 'ops/circle'))
    await symlink('..', path.join(folder, 'self'))
    expect(await read(file)).toBeUndefined()
  })

  it.each([
    '../.aws/credentials',
    'ops/../../.aws/credentials',
    'linked/credentials',
    'ops/key.sh',
    'ops/twice.sh',
    '/etc/passwd',
    '//etc/passwd',
    'C:\\Users\\me\\.aws\\credentials',
    '\\\\server\\share\\x',
    '..',
    '.',
    '',
    '../repository-2/x.sh',
    '../none.sh',
    'root/proc/self/environ',
  ])('may not be outside of its folder: %j', async (file) => {
    await symlink('key.sh', path.join(folder, 'ops/twice.sh'))
    await symlink('/', path.join(folder, 'root'))
    expect(await refusal(file)).toBe('outside')
  })

  it('is neither opened nor waited for when it is a pipe, a socket or a folder', async () => {
    execFileSync('mkfifo', [path.join(folder, 'pipe')])
    const server = createServer().listen(path.join(folder, 'socket'))
    await new Promise((resolve) => server.once('listening', resolve))
    for (const file of ['pipe', 'socket', 'ops']) expect(await refusal(file)).toBe('kind')
    server.close()
  })

  it('is not read when it is larger than a command can carry', async () => {
    await writeFile(path.join(folder, 'huge'), '')
    await truncate(path.join(folder, 'huge'), 2 ** 40)
    expect(await refusal('huge')).toBe('large')
    await truncate(path.join(folder, 'huge'), mostScriptBytes + 1)
    expect(await refusal('huge')).toBe('large')
  })
})

describe('a file that changes while it is read', () => {
  const outside = () => path.join(home, '.aws')
  const ops = () => path.join(folder, 'ops')
  const swapFolder = async () => {
    await writeFile(path.join(outside(), 'deploy.sh'), 'secret')
    await rename(ops(), path.join(folder, 'was'))
    await symlink(outside(), ops())
  }
  const swapBack = async () => {
    await rm(ops())
    await rename(path.join(folder, 'was'), ops())
  }

  it.each(['realpath', 'stat', 'open'])('is refused when its folder leads outside after %s', async (call) => {
    // The first look is at the workspace folder.
    if (call === 'realpath') then('realpath', async () => {})
    then(call, swapFolder)
    expect(await refusal('ops/deploy.sh')).toBe('outside')
  })

  it('is never what lay outside, even if the link was there only for the opening', async () => {
    then('stat', swapFolder)
    then('open', swapBack)
    expect(await read('ops/deploy.sh')).toBe('repository/ops/deploy.sh\n')
  })

  it('is refused when it becomes a link to outside after it was checked', async () => {
    then('stat', async () => {
      await rm(path.join(ops(), 'deploy.sh'))
      await symlink(path.join(outside(), 'credentials'), path.join(ops(), 'deploy.sh'))
    })
    expect(await refusal('ops/deploy.sh')).toBe('outside')
  })

  it('is not waited for when a pipe takes its place', async () => {
    then('stat', async () => {
      await rm(path.join(ops(), 'deploy.sh'))
      execFileSync('mkfifo', [path.join(ops(), 'deploy.sh')])
    })
    expect(await refusal('ops/deploy.sh')).toBe('kind')
  })

  it('is the new one when an editor has replaced it', async () => {
    then('open', async () => {
      await writeFile(path.join(ops(), 'new'), 'new')
      await rename(path.join(ops(), 'new'), path.join(ops(), 'deploy.sh'))
    })
    expect(await read('ops/deploy.sh')).toBe('new')
  })

  it('is refused when it is replaced again and again', async () => {
    for (let times = 1; times <= 3; times += 1)
      then('open', async () => {
        await writeFile(path.join(ops(), 'new'), 'new')
        await rename(path.join(ops(), 'new'), path.join(ops(), 'deploy.sh'))
      })
    expect(await refusal('ops/deploy.sh')).toBe('changing')
  })

  it('is refused when it grows beyond what a command can carry', async () => {
    then('open', () => truncate(path.join(ops(), 'deploy.sh'), mostScriptBytes + 1))
    expect(await refusal('ops/deploy.sh')).toBe('large')
  })
})

describe('a file that the user names', () => {
  it('may be anywhere, and must be a file', async () => {
    const file = path.join(home, '.aws/credentials')
    expect(Buffer.from((await readScript(file)) ?? []).toString()).toBe('.aws/credentials\n')
    expect(await readScript(path.join(home, 'none'))).toBeUndefined()
    for (const other of ['/dev/zero', '/dev/tty', home])
      await expect(readScript(other)).rejects.toThrow(NotAScript)
  })

  it('is read although the kernel says that it is empty', async () => {
    expect(await readScript('/proc/self/status')).not.toHaveLength(0)
  })
})
