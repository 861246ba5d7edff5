// @ts-check
// npm run demo                     a fleet of nine servers on this machine, a first command, and VS Code to go on from
// npm run demo -- --once [options] [--] COMMAND…   only the command; options as of `ec2-cmaster`, see its --help
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as esbuild from 'esbuild'
import { build } from './build.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const cache = path.join(root, '.cache', 'demo')

const [first, ...rest] = process.argv.slice(2)
try {
  // Not `exitCode`: an installation that was interrupted would go on.
  process.exit(first === '--once' ? await once(rest) : await stay(process.argv.slice(2)))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}

/** @param {string[]} argv @returns {Promise<number>} */
async function once(argv) {
  const { openDemoFleet } = await demo()
  const directory = mkdtempSync(path.join(tmpdir(), 'ec2-collective-demo-'))
  try {
    const fleet = await openDemoFleet(directory, path.join(root, 'dist'))
    const leave = () => fleet.close().then(() => process.exit(130))
    process.once('SIGTERM', leave)
    const exitCode = await fleet.run(argv)
    await fleet.close()
    return exitCode
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** @param {string[]} argv @returns {Promise<number>} */
async function stay(argv) {
  if (argv.length > 0)
    throw new Error(`${argv[0]}: npm run demo takes no options but --once and what belongs to it`)
  const { openDemoFleet } = await demo()
  const userDataDir = path.join(cache, 'editor')
  // Where the extension of this very editor looks for its local fleet: so it is there when the window opens.
  const directory = path.join(userDataDir, 'User/globalStorage/ec2-collective.ec2-collective/local-fleet')
  mkdirSync(directory, { recursive: true })
  const workspace = path.join(cache, 'workspace')
  await cp(path.join(root, 'scripts/demo/workspace'), workspace, { recursive: true, force: false })
  console.log('Starting nine servers on this machine …')
  const fleet = await openDemoFleet(directory, path.join(root, 'dist'))
  const sizes = fleet.environments.map(({ name, agents }) => `${agents} in ${name}`)
  console.log(`The local fleet is up: ${sizes.join(', ')}; its SQS listens on ${fleet.endpoint}\n`)
  const stopping = stopRequested()
  try {
    console.log("$ ec2-cmaster --env testing --filter role=web -- 'uname -sr'")
    await fleet.run(['--env', 'testing', '--filter', 'role=web', '--', 'uname -sr'])
    // Installing the editor takes a while the first time: Ctrl-C ends that as well.
    const editor = await Promise.race([openEditor(userDataDir, workspace), stopping])
    if (editor === undefined) return 130
    console.log(`\n${editor.sentence}\nThe fleet is in the view "EC2 Collective". Ctrl-C ends everything.`)
    await Promise.race([stopping, fleet.ended])
    console.log('\nEnding …')
    await editor.stop()
    return 0
  } finally {
    await fleet.close()
  }
}

/** @param {string} userDataDir @param {string} workspace */
async function openEditor(userDataDir, workspace) {
  const code = spawnSync('code', ['--version'], { encoding: 'utf8' })
  if (code.status === 0) {
    const options = [
      `--extensionDevelopmentPath=${root}`,
      '--user-data-dir',
      userDataDir,
      '--disable-workspace-trust',
    ]
    spawn('code', [...options, workspace], { stdio: 'ignore', detached: true }).unref()
    return { sentence: 'VS Code is opening.', stop: async () => {} }
  }
  const { ensureEditor, startEditor } = await import('./editor.mjs')
  await ensureEditor({ tell: (sentence) => console.log(`\n${sentence}`) })
  const { url, stop } = await startEditor({ extensionDir: root, workspace, userDataDir })
  return { sentence: `VS Code: ${url}`, stop }
}

/** @returns {Promise<undefined>} */
function stopRequested() {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => resolve(undefined))
  })
}

/** Builds the products, and the demonstration itself. @returns {Promise<typeof import('../src/cli/demo.ts')>} */
async function demo() {
  await build()
  const outfile = path.join(cache, 'demo.mjs')
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: ['src/cli/demo.ts'],
    outfile,
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'warning' },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
    },
    define: { 'process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED': '"true"' },
  })
  return import(pathToFileURL(outfile).href)
}
