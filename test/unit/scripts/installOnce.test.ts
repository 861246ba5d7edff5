import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { installOnce } from '../../../scripts/installOnce.mjs'

describe('installOnce', () => {
  let scratch: string
  let folder: string

  beforeEach(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), 'install-once-'))
    folder = path.join(scratch, 'cache', 'thing-1.0')
  })

  afterEach(() => rm(scratch, { recursive: true }))

  it('shows the folder only when everything is in it', async () => {
    let wasVisible = true
    await installOnce(folder, async (into) => {
      await writeFile(path.join(into, 'a'), 'a')
      wasVisible = existsSync(folder)
    })
    expect(wasVisible).toBe(false)
    expect(await readdir(path.dirname(folder))).toEqual(['thing-1.0'])
    expect(await readFile(path.join(folder, 'a'), 'utf8')).toBe('a')
  })

  it('does nothing the second time', async () => {
    await installOnce(folder, (into) => writeFile(path.join(into, 'a'), 'first'))
    await installOnce(folder, () => Promise.reject(new Error('not again')))
    expect(await readFile(path.join(folder, 'a'), 'utf8')).toBe('first')
  })

  it('leaves nothing of an installation that fails, and tries again when asked again', async () => {
    const failing = installOnce(folder, async (into) => {
      await writeFile(path.join(into, 'half'), '')
      throw new Error('network is down')
    })
    await expect(failing).rejects.toThrow('network is down')
    expect(await readdir(path.dirname(folder))).toEqual([])
    await installOnce(folder, (into) => writeFile(path.join(into, 'a'), ''))
    expect(await readdir(folder)).toEqual(['a'])
  })

  it('lets callers at the same moment each end with one complete folder', async () => {
    const install = (id: string) => (into: string) => writeFile(path.join(into, 'by'), id)
    await Promise.all(['1', '2', '3'].map((id) => installOnce(folder, install(id))))
    expect(await readdir(path.dirname(folder))).toEqual(['thing-1.0'])
    expect(await readFile(path.join(folder, 'by'), 'utf8')).toMatch(/^[123]$/)
  })

  it('removes what a killed installation left behind long ago, not what another one is filling', async () => {
    const [abandoned, filling] = [`${folder}.partial-old`, `${folder}.partial-new`]
    await mkdir(abandoned, { recursive: true })
    await mkdir(filling)
    const longAgo = new Date(Date.now() - 2 * 3_600_000)
    await utimes(abandoned, longAgo, longAgo)
    await installOnce(folder, async () => {})
    expect((await readdir(path.dirname(folder))).sort()).toEqual(['thing-1.0', 'thing-1.0.partial-new'])
  })
})
