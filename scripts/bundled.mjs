// @ts-check
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Bundles a program of the tests and runs it with the arguments of this process, whose exit code becomes its own.
 *
 * @param {string} entry as in `test/sqsProbe/main.ts`
 */
export async function runBundled(entry) {
  const outfile = path.join(root, `.cache/${path.basename(path.dirname(entry))}/program-${process.pid}.mjs`)
  await esbuild.build({
    ...{ absWorkingDir: root, entryPoints: [entry], outfile, bundle: true, logLevel: 'error' },
    ...{ platform: 'node', target: 'node20', format: 'esm', packages: 'external', sourcemap: 'inline' },
  })
  const program = spawn(process.execPath, ['--enable-source-maps', outfile, ...process.argv.slice(2)], {
    env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    stdio: 'inherit',
  })
  // A terminal sends its signal to both; the program cleans up and ends by itself.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => program.kill('SIGTERM'))
  program.on('exit', (code) => {
    rmSync(outfile, { force: true })
    process.exitCode = code ?? 1
  })
}
