// @ts-check
import { execFile } from 'node:child_process'
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
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
  // postinst places the first three in /etc. They are no conffiles: dpkg would ask about one that an operator has changed,
  // and nobody answers where the agent upgrades itself.
  ['agent/packaging/ec2-cagent.init', 'usr/share/ec2-cagent/init', 0o755],
  ['agent/packaging/ec2-cagent.logrotate', 'usr/share/ec2-cagent/logrotate', 0o644],
  ['agent/packaging/ec2-cagent.needrestart.conf', 'usr/share/ec2-cagent/needrestart.conf', 0o644],
  ['agent/packaging/ec2-cagent.json.sample', 'usr/share/ec2-cagent/ec2-cagent.json.sample', 0o644],
  ['agent/packaging/environment.sample', 'usr/share/ec2-cagent/environment.sample', 0o644],
  ['agent/packaging/policy.yaml.sample', 'usr/share/ec2-cagent/policy.yaml.sample', 0o644],
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
    for (const name of ['ec2-cagent.json.sample', 'environment.sample', 'policy.yaml.sample'])
      await symlink(`/usr/share/ec2-cagent/${name}`, path.join(folder, 'etc/ec2_collective', name))
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
  for (const script of ['preinst', 'postinst', 'prerm', 'postrm']) {
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
