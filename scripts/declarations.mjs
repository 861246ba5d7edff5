// @ts-check
// `npm run declarations`: writes what is said of environments, snippets, tasks and settings in the manifest, the JSON
// schema of workspace files and the docs, from the schemas in src/declarations. A test holds it up to date.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as esbuild from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const outfile = path.join(root, '.cache/declarations/generated.mjs')
await esbuild.build({
  absWorkingDir: root,
  entryPoints: ['scripts/declarations/generated.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
})
/** @type {typeof import('./declarations/generated.ts')} */
const { generate } = await import(pathToFileURL(outfile).href)
const files = generate(root)
for (const [file, text] of files) writeFileSync(path.join(root, file), text)
const biome = path.join(root, 'node_modules/.bin/biome')
execFileSync(biome, ['format', '--write', ...[...files.keys()].filter((file) => file.endsWith('.json'))], {
  cwd: root,
  stdio: 'ignore',
})
console.log(`Written: ${[...files.keys()].join(', ')}`)
