// @ts-check
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'

const abandonedAfterMs = 3_600_000

/**
 * Makes sure that `folder` exists with everything that `install` puts into it. The folder appears complete, in one
 * rename, or not at all. Callers at the same moment do not wait for each other, since a lock can outlive its holder:
 * each fills its own folder, and the first to finish wins.
 *
 * @param {string} folder
 * @param {(into: string) => Promise<void>} install fills an empty folder
 * @returns {Promise<void>}
 */
export async function installOnce(folder, install) {
  if (existsSync(folder)) return
  await removeAbandoned(folder)
  const partial = `${folder}.partial-${randomUUID()}`
  await mkdir(partial, { recursive: true })
  try {
    await install(partial)
    await rename(partial, folder).catch((error) => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
}

/** What a killed installation left behind. @param {string} folder */
async function removeAbandoned(folder) {
  const parent = path.dirname(folder)
  await mkdir(parent, { recursive: true })
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`${path.basename(folder)}.partial-`)) continue
    const partial = path.join(parent, name)
    const info = await stat(partial).catch(() => undefined)
    if (info && Date.now() - info.mtimeMs > abandonedAfterMs)
      await rm(partial, { recursive: true, force: true })
  }
}
