import { readFile } from 'node:fs/promises'
import * as os from 'node:os'
import type { Facts } from '../../../src/protocol/facts.ts'
import { version } from '../settings/version.ts'
import { type FactSource, readingOf } from './factSource.ts'

/**
 * Facts of any server that need no other program. Names and values are those of facter where it has them,
 * so that a filter like `os.family=Debian` holds with and without facter. Nothing that changes from minute to
 * minute: each change is published.
 */
export function createBuiltInFacts(self: {
  readonly agentId: string
  readonly hostname: string
  readonly environment: string
  readonly posture: () => Facts
}): FactSource {
  return {
    name: 'built-in',
    withinMs: 5_000,
    async read() {
      const facts = {
        hostname: self.hostname,
        kernel: os.type(),
        kernelrelease: os.release(),
        os: await operatingSystem(),
        processors: processors(),
        memory: { system: { total_bytes: os.totalmem() } },
        networking: networking(self.hostname),
        agent: { id: self.agentId, version, environment: self.environment, ...self.posture() },
      }
      return readingOf({ facts, warnings: [] })
    },
  }
}

async function operatingSystem(): Promise<Facts> {
  const hardware = os.machine()
  const release = await readFile('/etc/os-release', 'utf8').catch(() => undefined)
  if (release === undefined) return { name: os.type(), family: os.type(), hardware }
  const debianVersion = await readFile('/etc/debian_version', 'utf8').catch(() => undefined)
  return { ...describeRelease(release, debianVersion?.trim()), hardware }
}

/** Facter's words for `os.name`, `os.family` and `os.release`, from the text of `/etc/os-release`. */
export function describeRelease(osRelease: string, debianVersion: string | undefined): Facts {
  const fields = new Map(
    osRelease.split('\n').flatMap((line) => {
      const [, key, value] = /^([A-Z_]+)="?([^"]*)"?$/.exec(line.trim()) ?? []
      return key === undefined || value === undefined ? [] : [[key, value]]
    }),
  )
  const id = fields.get('ID') ?? 'linux'
  const like = [id, ...(fields.get('ID_LIKE') ?? '').split(' ')]
  const full = (id === 'debian' ? debianVersion : undefined) ?? fields.get('VERSION_ID') ?? 'rolling'
  const major = id === 'ubuntu' ? full : (full.split(/[./]/)[0] ?? full)
  return {
    name: names[id] ?? fields.get('NAME') ?? id,
    family: like.map((word) => families[word]).find((family) => family !== undefined) ?? names[id] ?? id,
    release: { full, major },
  }
}

const names: Readonly<Record<string, string>> = {
  almalinux: 'AlmaLinux',
  amzn: 'Amazon',
  arch: 'Archlinux',
  centos: 'CentOS',
  debian: 'Debian',
  fedora: 'Fedora',
  gentoo: 'Gentoo',
  ol: 'OracleLinux',
  'opensuse-leap': 'OpenSuSE',
  'opensuse-tumbleweed': 'OpenSuSE',
  rhel: 'RedHat',
  rocky: 'Rocky',
  sles: 'SLES',
  ubuntu: 'Ubuntu',
}

const families: Readonly<Record<string, string>> = {
  amzn: 'RedHat',
  arch: 'Archlinux',
  centos: 'RedHat',
  debian: 'Debian',
  fedora: 'RedHat',
  gentoo: 'Gentoo',
  rhel: 'RedHat',
  sles: 'Suse',
  suse: 'Suse',
}

function processors(): Facts {
  const cpus = os.cpus()
  return { count: cpus.length, models: [...new Set(cpus.map(({ model }) => model))] }
}

function networking(hostname: string): Facts {
  const addresses = Object.values(os.networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
  const v4 = addresses.find(({ family }) => family === 'IPv4')
  const v6 = addresses.find(({ family }) => family === 'IPv6')
  return {
    hostname,
    ...(v4 === undefined ? {} : { ip: v4.address, mac: v4.mac }),
    ...(v6 === undefined ? {} : { ip6: v6.address }),
    addresses: addresses.map(({ address }) => address),
  }
}
