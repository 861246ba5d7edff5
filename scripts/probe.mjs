// @ts-check
// npm run probe:sqs -- --endpoint URL: bundles test/sqsProbe/main.ts and runs it.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const outfile = path.join(root, `.cache/probe/probe-${process.pid}.mjs`)
await esbuild.build({
  ...{
    absWorkingDir: root,
    entryPoints: ['test/sqsProbe/main.ts'],
    outfile,
    bundle: true,
    logLevel: 'error',
  },
  ...{ platform: 'node', target: 'node20', format: 'esm', packages: 'external', sourcemap: 'inline' },
})
const probe = spawn(process.execPath, ['--enable-source-maps', outfile, ...process.argv.slice(2)], {
  env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  stdio: 'inherit',
})
// A terminal sends its signal to both; the probe deletes its queues and ends by itself.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => probe.kill('SIGTERM'))
probe.on('exit', (code) => {
  process.exitCode = code ?? 1
})
