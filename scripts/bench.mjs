// @ts-check
// `npm run bench`: bundles test/bench and runs it. Flags are passed on: `npm run bench -- --only runs --agents 100`.
import { spawn } from 'node:child_process'
import { copyFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'
import { makeExecutable } from '../agent/packaging/executable.mjs'
import { build, describeSizes } from './build.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const outdir = `${root}.cache/bench`
const built = await build({ production: true })
await esbuild.build({
  absWorkingDir: root,
  entryPoints: ['main', 'part', 'bareAgents', 'simulatedAgents'].map((name) => `test/bench/${name}.ts`),
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
  external: ['playwright-core'],
  // No editor runs here: what is measured of the console is its own work.
  alias: { vscode: `${root}test/support/vscodeStandIn.mjs` },
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
  },
  define: { 'process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED': '"true"' },
})
await copyFile(`${root}test/support/sqsProcess.mjs`, `${outdir}/sqsProcess.mjs`)
const args = [
  ...[`${outdir}/main.mjs`, root, '--bundles', describeSizes(built), ...(await packagedAgent())],
  ...process.argv.slice(2),
]
const child = spawn(process.execPath, args, { stdio: 'inherit' })
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1))

/** The agent as it is packaged, made of the bundle that is measured. It is for Linux, and Node comes from npm once. */
async function packagedAgent() {
  const executable = `${outdir}/ec2-cagent`
  const cache = `${root}.cache/node-runtimes`
  try {
    if (process.platform !== 'linux') throw new Error('it is for Linux')
    const { arch: architecture } = process
    await makeExecutable({ script: `${root}dist/ec2-cagent.js`, architecture, executable, cache })
    return ['--executable', executable]
  } catch (error) {
    return ['--withoutExecutable', `no executable: ${error instanceof Error ? error.message : error}`]
  }
}
