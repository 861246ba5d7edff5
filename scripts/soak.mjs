// @ts-check
// npm run soak -- --runs N --seed N: bundles test/soak/main.ts and runs it.
import { spawn } from 'node:child_process'
import { copyFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const outfile = path.join(root, '.cache/soak/soak.mjs')
await esbuild.build({
  ...{ absWorkingDir: root, entryPoints: ['test/soak/main.ts'], outfile, bundle: true, logLevel: 'error' },
  ...{ platform: 'node', target: 'node20', format: 'esm', packages: 'external', sourcemap: 'inline' },
})
// The SQS server is started from beside the code that starts it.
await copyFile(path.join(root, 'test/support/sqsProcess.mjs'), path.join(root, '.cache/soak/sqsProcess.mjs'))
const soak = spawn(process.execPath, ['--enable-source-maps', outfile, ...process.argv.slice(2)], {
  cwd: root,
  env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  stdio: 'inherit',
})
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => soak.kill(signal))
soak.on('exit', (code) => {
  process.exitCode = code ?? 1
})
