// @ts-check
// `npm run package:agent`: makes everything that a server can be given, in dist/agent/.
//
//   ec2-cagent.js                  for servers with Node ≥ 20
//   ec2-cagent-linux-{x64,arm64}   self-contained
//   ec2-cagent_VERSION_ARCH.deb    with systemd unit, init script, logrotate and a sample configuration
//   SHA256SUMS
//
// `npm run package:agent -- x64` makes those of one architecture, which takes half the time.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from '../../scripts/build.mjs'
import { makeDebianPackage } from './debianPackage.mjs'
import { makeExecutable } from './executable.mjs'
import { supportProblem } from './nodeRuntime.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const out = path.join(root, 'dist/agent')

/** Node's and Debian's words for the same machines. */
const architectures = { x64: 'amd64', arm64: 'arm64' }

async function main() {
  const wanted = wantedArchitectures(process.argv.slice(2))
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  await rm(out, { recursive: true, force: true })
  await mkdir(out, { recursive: true })
  const script = path.join(out, 'ec2-cagent.js')
  await buildScript(script)
  const problem = supportProblem(new Date())
  if (problem !== undefined) console.warn(problem)
  const made = [script]
  for (const [architecture, debianArchitecture] of wanted) {
    const executable = path.join(out, `ec2-cagent-linux-${architecture}`)
    const cache = path.join(root, '.cache/node-runtimes')
    const { unstripped } = await makeExecutable({ script, architecture, executable, cache })
    if (unstripped !== undefined)
      console.warn(`${path.basename(executable)} still has Node's symbols: ${unstripped}.`)
    const deb = path.join(out, `ec2-cagent_${version}_${debianArchitecture}.deb`)
    await makeDebianPackage({ executable, version, architecture: debianArchitecture, deb })
    made.push(executable, deb)
  }
  await writeFile(path.join(out, 'SHA256SUMS'), (await Promise.all(made.map(sumLine))).join(''))
  for (const file of made) {
    console.log(
      `${path.relative(root, file).padEnd(44)} ${((await stat(file)).size / 1024 / 1024).toFixed(1)} MiB`,
    )
  }
}

/** @param {string[]} names none for all @returns {[node: string, debian: string][]} */
function wantedArchitectures(names) {
  const known = Object.entries(architectures)
  const strange = names.find((name) => known.every(([node]) => node !== name))
  if (strange !== undefined)
    throw new Error(`There is no executable for ${strange}: name ${Object.keys(architectures).join(' or ')}.`)
  return names.length === 0 ? known : known.filter(([node]) => names.includes(node))
}

/** Beside dist/, which a running editor or fleet may be using. @param {string} script */
async function buildScript(script) {
  const folder = await mkdtemp(path.join(tmpdir(), 'ec2-cagent-build-'))
  try {
    await build({ production: true, outdir: folder })
    await copyFile(path.join(folder, 'ec2-cagent.js'), script)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** @param {string} file */
async function sumLine(file) {
  const digest = createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
  return `${digest}  ${path.basename(file)}\n`
}

main().catch((error) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
