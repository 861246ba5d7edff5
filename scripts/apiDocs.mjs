// @ts-check
// `npm run docs:api`: the reference of the master as a library, from the doc comments of src/master/library.ts and of
// what it exports, into dist/api. Fails when something there has no comment, or a link that leads nowhere.
//
// TypeDoc reads sources with TypeScript's own parser, which TypeScript 7 does not offer to other programs. So it comes with
// a TypeScript that does, in .cache/, and neither gets into node_modules.
import { readFileSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { installOnce } from './installOnce.mjs'
import { runQuietly } from './quietly.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const ours = path.join(root, 'scripts/apiDocs')

/** @param {string} out folder @returns {Promise<void>} @throws {Error} with TypeDoc's complaints */
async function writeApiDocs(out) {
  const { dependencies } = JSON.parse(readFileSync(path.join(ours, 'package.json'), 'utf8'))
  const folder = path.join(
    root,
    `.cache/typedoc-${dependencies.typedoc}-typescript-${dependencies.typescript}`,
  )
  await installOnce(folder, async (into) => {
    for (const file of ['package.json', 'package-lock.json']) {
      await copyFile(path.join(ours, file), path.join(into, file))
    }
    const install = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    await runQuietly('api-docs-install', 'npm', install, { cwd: into, doing: 'Installing TypeDoc' })
  })
  const typedoc = path.join(folder, 'node_modules/typedoc/bin/typedoc')
  const args = [typedoc, '--options', path.join(ours, 'typedoc.json'), '--out', out]
  await runQuietly('api-docs', process.execPath, args, { cwd: root, doing: 'Writing the API reference' })
}

try {
  await writeApiDocs(path.join(root, 'dist/api'))
  console.log('The reference begins in dist/api/index.html.')
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
