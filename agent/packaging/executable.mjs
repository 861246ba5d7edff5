// @ts-check
import { execFile } from 'node:child_process'
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import postject from 'postject'
import { nodeRuntime } from './nodeRuntime.mjs'

const run = promisify(execFile)

/** Node looks for its blob where this stands in its own executable; `postject` flips the digit behind it. */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

/**
 * Makes a single executable of `script` and a Node runtime: no Node is needed where it runs.
 *
 * @param {{ script: string, architecture: string, executable: string, cache: string }} o
 * @returns {Promise<void>}
 */
export async function makeExecutable({ script, architecture, executable, cache }) {
  const folder = await mkdtemp(path.join(tmpdir(), 'ec2-cagent-'))
  try {
    const blob = path.join(folder, 'blob')
    const configuration = path.join(folder, 'sea.json')
    // Neither snapshot nor code cache: both belong to one architecture, and the blob is made on this one.
    await writeFile(
      configuration,
      JSON.stringify({ main: script, output: blob, disableExperimentalSEAWarning: true }),
    )
    // The blob's format belongs to a version of Node, so a Node of the very version makes it.
    await run(await nodeRuntime(process.arch, cache), ['--experimental-sea-config', configuration])
    await copyFile(await nodeRuntime(architecture, cache), executable)
    await chmod(executable, 0o755)
    await quietly(async () =>
      postject.inject(executable, 'NODE_SEA_BLOB', await readFile(blob), { sentinelFuse: fuse }),
    )
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
