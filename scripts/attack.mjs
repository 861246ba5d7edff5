// @ts-check
// npm run attack [-- --only NAME,NAME]: bundles test/attack/main.ts and runs it.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const outfile = path.join(root, '.cache/attack/attack.mjs')
await esbuild.build({
  ...{ absWorkingDir: root, entryPoints: ['test/attack/main.ts'], outfile, bundle: true, logLevel: 'error' },
  ...{ platform: 'node', target: 'node20', format: 'esm', packages: 'external' },
})
const attacking = spawn(process.execPath, [outfile, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
  process.on(signal, () => attacking.kill(signal))
attacking.on('exit', (code) => {
  process.exitCode = code ?? 1
})
