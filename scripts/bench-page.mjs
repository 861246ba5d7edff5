// @ts-check
// `npm run bench:page [-- --only size,alone,groups,editor] [--agents 10000]`: builds the page as it is shipped, and measures it
// with 10,000 agents: alone in Chromium, and in the real VS Code. Exits with 1 when a figure is worse than the design
// allows.
import { spawn } from 'node:child_process'
import { copyFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'
import { build } from './build.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const outdir = `${root}.cache/bench`
await build({ production: true })
await esbuild.build({
  absWorkingDir: root,
  entryPoints: { page: 'test/bench/page/main.ts', quickFleet: 'test/bench/page/quickFleet.ts' },
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
  packages: 'external',
  external: ['../../scripts/*'],
})
await copyFile(`${root}test/support/sqsProcess.mjs`, `${outdir}/sqsProcess.mjs`)
const child = spawn(process.execPath, [`${outdir}/page.mjs`, root, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
})
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1))
