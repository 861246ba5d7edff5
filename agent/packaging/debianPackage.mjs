// @ts-check
import { execFile } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const here = fileURLToPath(new URL('.', import.meta.url))
const root = path.join(here, '../..')

/** Where each file goes, and its mode. @type {[source: string, target: string, mode: number][]} */
const files = [
  ['agent/packaging/ec2-cagent.service', 'lib/systemd/system/ec2-cagent.service', 0o644],
  ['agent/packaging/ec2-cagent.init', 'etc/init.d/ec2-cagent', 0o755],
  ['agent/packaging/ec2-cagent.default', 'etc/default/ec2-cagent', 0o600],
  ['agent/packaging/ec2-cagent.logrotate', 'etc/logrotate.d/ec2-cagent', 0o644],
  ['agent/packaging/ec2-cagent.needrestart.conf', 'etc/needrestart/conf.d/ec2-cagent.conf', 0o644],
  ['agent/packaging/ec2-cagent.json.sample', 'etc/ec2_collective/ec2-cagent.json.sample', 0o644],
  ['agent/packaging/policy.yaml.sample', 'etc/ec2_collective/policy.yaml.sample', 0o644],
  ['agent/README.md', 'usr/share/doc/ec2-cagent/README.md', 0o644],
  ['LICENSE', 'usr/share/doc/ec2-cagent/copyright', 0o644],
]

/**
 * Makes a `.deb` of an executable.
 *
 * @param {{ executable: string, version: string, architecture: string, deb: string }} o `architecture` as Debian names it
 * @returns {Promise<void>}
 */
export async function makeDebianPackage({ executable, version, architecture, deb }) {
  const folder = await mkdtemp(path.join(tmpdir(), 'ec2-cagent-deb-'))
  try {
    await put(executable, path.join(folder, 'usr/sbin/ec2-cagent'), 0o755)
    for (const [source, target, mode] of files)
      await put(path.join(root, source), path.join(folder, target), mode)
    await mkdir(path.join(folder, 'etc/ec2_collective/facts.d'), { recursive: true })
    await writeControl(folder, { version, architecture })
    await openDirectories(folder)
    await run('dpkg-deb', ['--root-owner-group', '-Zxz', '-z6', '--build', folder, deb])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** @param {string} folder @param {{ version: string, architecture: string }} o */
async function writeControl(folder, { version, architecture }) {
  const debian = path.join(folder, 'DEBIAN')
  const control = await readFile(path.join(here, 'debian/control'), 'utf8')
  const kib = Math.ceil((await stat(path.join(folder, 'usr/sbin/ec2-cagent'))).size / 1024)
  const values = { VERSION: version, ARCHITECTURE: architecture, INSTALLED_SIZE: String(kib) }
  await mkdir(debian)
  await writeFile(
    path.join(debian, 'control'),
    control.replace(/@(\w+)@/g, (_, name) => values[/** @type {keyof typeof values} */ (name)]),
  )
  // dpkg asks before it replaces one of these that an operator has changed.
  const conffiles = files.map(([, target]) => `/${target}`).filter((target) => target.startsWith('/etc/'))
  await writeFile(path.join(debian, 'conffiles'), `${conffiles.join('\n')}\n`)
  for (const script of ['postinst', 'prerm', 'postrm']) {
    await put(path.join(here, 'debian', script), path.join(debian, script), 0o755)
  }
}

/** @param {string} source @param {string} target @param {number} mode */
async function put(source, target, mode) {
  await mkdir(path.dirname(target), { recursive: true })
  await copyFile(source, target)
  await chmod(target, mode)
}

/** Whatever this process's umask: a package's directories are for everyone to see. @param {string} folder */
async function openDirectories(folder) {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isDirectory()) await chmod(path.join(entry.parentPath ?? entry.path, entry.name), 0o755)
  }
}
