// @ts-check
import { execFile } from 'node:child_process'
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
// @ts-expect-error: it has no types.
import postject from 'postject'
import { nodeRuntime } from './nodeRuntime.mjs'
import { strip } from './strip.mjs'

const run = promisify(execFile)

/** Node looks for its blob where this stands in its own executable; `postject` flips the digit behind it. */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

/**
 * The agent is small (docs/performance.md, "Memory of the agent"): a young generation of 1 MiB, a bound of its heap, and the
 * collector that it asks for once it is idle. NODE_OPTIONS of its environment come on top.
 */
const flags = ['--max-semi-space-size=1', '--max-old-space-size=128', '--expose-gc']

/**
 * Makes a single executable of `script` and a Node runtime: no Node is needed where it runs.
 *
 * @param {{ script: string, architecture: string, executable: string, cache: string }} o
 * @returns {Promise<{ unstripped: string | undefined }>} why Node's symbols are still in it, if they are
 */
export async function makeExecutable({ script, architecture, executable, cache }) {
  const folder = await mkdtemp(path.join(tmpdir(), 'ec2-cagent-'))
  try {
    const blob = path.join(folder, 'blob')
    const configuration = path.join(folder, 'sea.json')
    // Neither snapshot nor code cache: both belong to one architecture, and the blob is made on this one.
    await writeFile(
      configuration,
      JSON.stringify({ main: script, output: blob, disableExperimentalSEAWarning: true, execArgv: flags }),
    )
    // The blob's format belongs to a line of Node, so a Node of the same line makes it.
    await run(await nodeRuntime(process.arch, cache), ['--experimental-sea-config', configuration])
    await copyFile(await nodeRuntime(architecture, cache), executable)
    await chmod(executable, 0o755)
    // Before the blob comes in: what strip does not know, it takes out.
    const unstripped = await strip(executable, architecture)
    await quietly(async () =>
      postject.inject(executable, 'NODE_SEA_BLOB', await readFile(blob), { sentinelFuse: fuse }),
    )
    return { unstripped }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** postject reports its progress, and warns of ELF notes that it does not know, on the console. @param {() => Promise<void>} work */
async function quietly(work) {
  const { log, warn, error } = console
  Object.assign(console, { log() {}, warn() {}, error() {} })
  try {
    await work()
  } finally {
    Object.assign(console, { log, warn, error })
  }
}
