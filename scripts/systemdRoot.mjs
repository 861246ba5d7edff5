// @ts-check
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { installOnce } from './installOnce.mjs'
import { runQuietly } from './quietly.mjs'

const run = promisify(execFile)
const cache = fileURLToPath(new URL('../.cache/', import.meta.url))

/** Debian's release, and what its root file system has beside the least. */
const release = 'bookworm'
const included = [
  ...['systemd', 'systemd-sysv', 'libpam-systemd', 'dbus', 'logrotate', 'needrestart', 'procps'],
  // What leaves the cgroup of a run: docs/agent.md.
  ...['at', 'runc'],
]

/**
 * Why no systemd can be booted on this machine, in words; undefined if it can.
 *
 * @returns {Promise<string | undefined>}
 */
export async function whyNoSystemd() {
  if (process.platform !== 'linux') return 'only Linux has systemd'
  if (process.getuid?.() !== 0) return 'only root can boot a systemd'
  if (!existsSync('/usr/bin/apt-get'))
    return 'there is no apt-get to install debootstrap and systemd-nspawn with'
  const attempt = 'umount -l /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup'
  const isolated = ['-m', '-u', '-i', '-n', '-p', '--fork', '--propagation', 'slave']
  return run('unshare', [...isolated, 'sh', '-c', attempt]).then(
    () => undefined,
    (error) => `this kernel does not let root make namespaces and mount cgroups (${error.stderr.trim()})`,
  )
}

/**
 * Makes a root file system with systemd, and installs what boots it; both once.
 *
 * @param {{ tell?: (sentence: string) => void }} [options] `tell` hears that an installation begins
 * @returns {Promise<string>} its folder, to be copied and not to be changed
 * @throws {Error} saying which installation failed
 */
export async function ensureSystemdRoot({ tell } = {}) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  // Another list of packages is another root.
  const digest = createHash('sha256').update(included.join()).digest('hex').slice(0, 8)
  const folder = path.join(cache, `systemd-${release}-${digest}`)
  if (!existsSync('/usr/bin/systemd-nspawn') || !existsSync('/usr/sbin/debootstrap')) {
    tell?.('Installing debootstrap and systemd-nspawn with apt-get (once) …')
    const doing = 'Installing debootstrap and systemd-nspawn'
    await runQuietly('apt-update', 'apt-get', ['update'], { env, doing })
    const packages = ['debootstrap', 'systemd-container', 'iproute2']
    const args = ['install', '-y', '--no-install-recommends', ...packages]
    await runQuietly('apt-systemd', 'apt-get', args, { env, doing })
  }
  if (!existsSync(folder)) tell?.('Making a root file system with systemd (once) …')
  await installOnce(folder, async (into) => {
    const args = ['--variant=minbase', `--include=${included.join(',')}`, release, into]
    await runQuietly('debootstrap', 'debootstrap', args, { env, doing: 'Making a root file system' })
    await run('chmod', ['755', into])
  })
  return folder
}
