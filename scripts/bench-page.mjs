// @ts-check
// `npm run bench:page`: builds the page as it is shipped, and measures it in Chromium with 10,000 agents. Exits with 1
// when a figure is worse than the design allows.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'
import { build } from './build.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
await build({ production: true })
await esbuild.build({
  absWorkingDir: root,
  entryPoints: ['test/bench/page.ts'],
  outfile: `${root}.cache/bench/page.mjs`,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
  packages: 'external',
  external: ['../../scripts/*'],
})
const child = spawn(process.execPath, [`${root}.cache/bench/page.mjs`, root], { stdio: 'inherit' })
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1))
