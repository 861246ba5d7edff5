// @ts-check
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { installOnce } from '../../scripts/installOnce.mjs'

const run = promisify(execFile)

/** The Node that executables carry: the last release of the line that the agent supports at least. */
export const nodeVersion = '20.20.2'

/** SHA-512 of the npm packages, as the registry publishes it. @type {Record<string, string>} */
const integrities = {
  x64: 'sha512-PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==',
  arm64: 'sha512-LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==',
}

/**
 * The path of a Node executable for linux on `architecture`, fetched from npm once.
 *
 * @param {string} architecture as Node names it
 * @param {string} cache folder
 * @returns {Promise<string>}
 */
export async function nodeRuntime(architecture, cache) {
  const folder = path.join(cache, `node-linux-${architecture}-${nodeVersion}`)
  await installOnce(folder, async (into) => {
    const name = `node-linux-${architecture}@${nodeVersion}`
    const packed = await run('npm', ['pack', '--silent', '--pack-destination', into, name], { cwd: into })
    const archive = path.join(into, packed.stdout.trim())
    const integrity = `sha512-${createHash('sha512')
      .update(await readFile(archive))
      .digest('base64')}`
    if (integrity !== integrities[architecture]) {
      throw new Error(`${name} is not what it was when it was pinned: ${integrity}`)
    }
    await run('tar', ['-xzf', archive, '-C', into, '--strip-components=1', 'package/bin/node'])
    await run('rm', [archive])
  })
  return path.join(folder, 'bin/node')
}
