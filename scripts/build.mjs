// @ts-check
// Bundles everything that leaves this repository. Each bundle is built when its entry point exists.
//
//   node scripts/build.mjs [--production] [--watch]
//
// The extension is an ES module (dist/extension.mjs): editors load such extensions since 1.100, our floor, and
// only ES modules let esbuild split. So `import()` in the sources stays an import at run time, and what activation
// does not need (above all the AWS SDK) waits in files of its own that share modules with the entry.
// Everything else for Node is one file each, CommonJS, because a `.js` with no package.json beside it is that on
// every Node 20. `import.meta.url`, `.dirname` and `.filename` work in it all the same; top-level `await` does not.
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * @typedef {object} Built
 * @property {string} file path relative to the repository's root
 * @property {number} bytes
 * @property {boolean} lazy true for what the entry point of its bundle loads only on demand
 * @property {string[]} inputs the source files that ended up in it, relative to the root
 */

/**
 * Builds all bundles once and writes those files of dist/ whose contents changed, each atomically: a process that
 * starts from dist/ meanwhile sees the old file or the new one, never half of one.
 *
 * @param {{ production?: boolean, watch?: boolean, onRebuild?: (line: string) => void, outdir?: string }} [options] with
 *   `watch` the returned promise resolves after the first build and builds go on until the process ends
 * @returns {Promise<Built[]>}
 * @throws {Error} with esbuild's messages as text when a source does not build
 */
export async function build({ production = false, watch = false, onRebuild, outdir = 'dist' } = {}) {
  const bundles = await listBundles(production, outdir)
  const built = await Promise.all(
    bundles.map(async (options) => {
      if (watch) return watchBundle(options, onRebuild)
      const result = await esbuild.build(options).catch(explain)
      await report(result.warnings)
      return writeOutputs(result)
    }),
  )
  return built.flat()
}

/**
 * One line for people: `extension 45 KiB + 410 KiB on demand, page 120 KiB, …`.
 *
 * @param {Built[]} files
 */
export function describeSizes(files) {
  const kib = (/** @type {Built[]} */ of) =>
    `${Math.ceil(of.reduce((sum, file) => sum + file.bytes, 0) / 1024)} KiB`
  const extension = files.filter((file) => file.file.endsWith('.mjs'))
  const rest = files.filter((file) => !file.file.endsWith('.mjs') && !file.file.endsWith('.map'))
  const parts = rest.map((file) => `${path.relative('dist', file.file)} ${kib([file])}`)
  if (extension.length > 0) {
    const [lazy, atOnce] = [extension.filter((file) => file.lazy), extension.filter((file) => !file.lazy)]
    parts.unshift(`extension.mjs ${kib(atOnce)}${lazy.length > 0 ? ` + ${kib(lazy)} on demand` : ''}`)
  }
  return parts.join(', ')
}

const forAll = { 'process.env.NODE_ENV': '"production"' }

/**
 * Where people run Node 20 by a choice that is not theirs (an editor's own Node, a pipeline's image), the SDK's warning would
 * come at each start, about releases of the SDK that they do not install (docs/decisions/executable.md).
 */
const define = {
  ...forAll,
  'process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED': '"true"',
}

/** @param {boolean} production @param {string} outdir @returns {Promise<esbuild.BuildOptions[]>} */
async function listBundles(production, outdir) {
  /** @type {esbuild.BuildOptions} */
  const common = {
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    logLevel: 'silent',
    outdir,
    minify: production,
    sourcemap: production ? false : 'linked',
    define,
  }
  /** @type {esbuild.BuildOptions} */
  const forNode = {
    ...common,
    platform: 'node',
    target: 'node20',
    // The SDK's ES modules shake to half of what its CommonJS files weigh.
    mainFields: ['module', 'main'],
  }
  const styles = await styleSheets()
  return [
    ...(exists('src/extension.ts') ? [{ ...forNode, ...extension }] : []),
    ...Object.entries(programs)
      .filter(([, entry]) => exists(entry))
      .map(([name, entry]) => ({ ...forNode, ...program(name, entry) })),
    ...(exists('webview/main.ts') ? [{ ...common, ...page }] : []),
    ...(styles.length > 0 ? [{ ...common, ...pageStyles(styles, outdir) }] : []),
  ]
}

/** @type {esbuild.BuildOptions} */
const extension = {
  entryPoints: { extension: 'src/extension.ts' },
  format: 'esm',
  splitting: true,
  outExtension: { '.js': '.mjs' },
  // Beside the entry, not below it: `import.meta.url` then means the same folder wherever code ends up.
  chunkNames: '[name]-[hash]',
  external: ['vscode'],
  // CommonJS packages inside an ES module call a `require` that is not there.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
}

/** What people type, and what our own code starts. */
const programs = {
  'ec2-cagent': 'agent/src/process/main.ts',
  'ec2-cmaster': 'src/cli/main.ts',
  localFleet: 'src/localFleet/main.ts',
  sqsServer: 'src/localFleet/sqsServer.ts',
}

/**
 * Node takes back every signal that was ignored when it was started. So a shell looks first whether hangups were, as under
 * nohup: to it the second line is a command, and to Node a string with a comment.
 */
const launcher = `#!/bin/sh
":" //; i=1; trap 'i=0' HUP; kill -HUP $$; trap - HUP; EC2_COLLECTIVE_HANGUP_IGNORED=$i exec node "$0" "$@"
`

/** @param {string} name @param {string} entry @returns {esbuild.BuildOptions} */
function program(name, entry) {
  // esbuild carries over a `#!` of the source; a second one would be a syntax error.
  const isScript = readFileSync(path.join(root, entry), 'utf8').startsWith('#!')
  const start = name === 'ec2-cmaster' ? launcher : isScript ? '' : '#!/usr/bin/env node\n'
  return {
    entryPoints: { [name]: entry },
    format: 'cjs',
    define: {
      // A service on a server is another matter: its operator chooses its Node.
      ...(name === 'ec2-cagent' ? forAll : define),
      'import.meta.url': '__moduleUrl',
      'import.meta.dirname': '__dirname',
      'import.meta.filename': '__filename',
    },
    banner: { js: `${start}const __moduleUrl = require('node:url').pathToFileURL(__filename).href;` },
  }
}

// The Chromium of VS Code 1.100.
const pageTarget = 'chrome132'

/** @type {esbuild.BuildOptions} */
const page = {
  entryPoints: { 'webview/main': 'webview/main.ts' },
  platform: 'browser',
  format: 'iife',
  target: pageTarget,
}

/** One style sheet of all of them, in the order of their names.
 * @param {string[]} styles @param {string} outdir @returns {esbuild.BuildOptions} */
function pageStyles(styles, outdir) {
  return {
    stdin: {
      contents: styles.map((file) => `@import "./${file}";`).join('\n'),
      resolveDir: path.join(root, 'webview'),
      sourcefile: 'main.css',
      loader: 'css',
    },
    outdir: `${outdir}/webview`,
    entryNames: 'main',
    assetNames: '[name]',
    loader: { '.ttf': 'file', '.woff2': 'file' },
    target: pageTarget,
  }
}

async function styleSheets() {
  const names = exists('webview') ? await readdir(path.join(root, 'webview'), { recursive: true }) : []
  return names.filter((name) => name.endsWith('.css')).sort()
}

/** @param {string} file */
function exists(file) {
  return existsSync(path.join(root, file))
}

/** @param {esbuild.BuildResult} result @returns {Promise<Built[]>} */
async function writeOutputs(result) {
  const outputs = result.metafile?.outputs ?? {}
  const entries = Object.keys(outputs).filter((name) => outputs[name]?.entryPoint === 'src/extension.ts')
  const atOnce = reachedFrom(entries, outputs, ['import-statement'])
  const ever = reachedFrom(entries, outputs, ['import-statement', 'dynamic-import'])
  // A package's `import()` makes a file even where the function around it was dropped.
  const wanted = (result.outputFiles ?? []).filter(({ path: file }) => {
    const name = path.relative(root, file).replace(/\.map$/, '')
    return !name.endsWith('.mjs') || ever.has(name)
  })
  return Promise.all(
    wanted.map(async ({ path: file, contents }) => {
      const name = path.relative(root, file)
      const isProgram = contents[0] === 0x23 && contents[1] === 0x21
      await writeIfChanged(file, contents, isProgram ? 0o755 : 0o644)
      const inputs = Object.keys(outputs[name]?.inputs ?? {})
      return { file: name, bytes: contents.length, lazy: !atOnce.has(name) && name.endsWith('.mjs'), inputs }
    }),
  )
}

/** `start`, and what it imports in one of these ways, over all hops.
 * @param {string[]} start @param {esbuild.Metafile['outputs']} outputs @param {esbuild.ImportKind[]} ways */
function reachedFrom(start, outputs, ways) {
  const reached = new Set(start)
  for (const name of reached) {
    for (const imported of outputs[name]?.imports ?? []) {
      if (ways.includes(/** @type {esbuild.ImportKind} */ (imported.kind)) && !imported.external)
        reached.add(imported.path)
    }
  }
  return reached
}

/** @param {string} file @param {Uint8Array} contents @param {number} mode */
async function writeIfChanged(file, contents, mode) {
  const before = await readFile(file).catch(() => undefined)
  if (before?.equals(contents)) return
  await mkdir(path.dirname(file), { recursive: true })
  const temporary = `${file}.${randomUUID()}.tmp`
  await writeFile(temporary, contents)
  await chmod(temporary, mode)
  await rename(temporary, file)
}

/** Development builds leave old chunks be: an editor that runs from dist/ may still ask for one.
 * @param {string} outdir @param {Built[]} built */
async function removeStaleChunks(outdir, built) {
  const current = new Set(built.map((file) => path.basename(file.file)))
  for (const name of await readdir(path.resolve(root, outdir))) {
    if (/\.(mjs|map)$/.test(name) && !current.has(name)) await rm(path.resolve(root, outdir, name))
  }
}

/** @param {esbuild.BuildOptions} options @param {((line: string) => void) | undefined} onRebuild @returns {Promise<Built[]>} */
async function watchBundle(options, onRebuild) {
  let isFirst = true
  return new Promise((resolve, reject) => {
    /** @type {esbuild.Plugin} */
    const write = {
      name: 'write',
      setup(builder) {
        builder.onStart(() => {
          if (!isFirst) onRebuild?.('Building …')
        })
        builder.onEnd(async (result) => {
          const files = result.errors.length > 0 ? [] : await writeOutputs(result)
          if (result.errors.length > 0) onRebuild?.(await readable(result.errors, 'error'))
          if (!isFirst) onRebuild?.(`Built ${describeSizes(files) || 'nothing'}`)
          isFirst = false
          resolve(files)
        })
      },
    }
    esbuild
      .context({ ...options, plugins: [...(options.plugins ?? []), write] })
      .then((context) => context.watch())
      .catch(reject)
  })
}

/** @param {esbuild.Message[]} warnings */
async function report(warnings) {
  const ours = warnings.filter((warning) => !warning.location?.file.includes('node_modules'))
  if (ours.length > 0) process.stderr.write(await readable(ours, 'warning'))
}

/** @param {unknown} error @returns {Promise<never>} */
async function explain(error) {
  const messages = /** @type {{ errors?: esbuild.Message[] }} */ (error).errors
  if (!messages) throw error
  throw new Error(await readable(messages, 'error'), { cause: error })
}

/** @param {esbuild.Message[]} messages @param {'error' | 'warning'} kind */
async function readable(messages, kind) {
  return (await esbuild.formatMessages(messages, { kind, color: process.stderr.isTTY ?? false })).join('')
}

async function main() {
  const flags = new Set(process.argv.slice(2))
  const startedAt = performance.now()
  const watch = flags.has('--watch')
  const files = await build({ production: flags.has('--production'), watch, onRebuild: console.log })
  // For a package only: an editor that started from an earlier build may yet load a part of that.
  if (flags.has('--production')) await removeStaleChunks('dist', files)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(files.length > 0 ? `Built in ${seconds} s: ${describeSizes(files)}` : 'Nothing to build yet.')
  if (watch) console.log('Watching for changes.')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  })
}
