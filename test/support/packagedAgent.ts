import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Environment } from '../../src/queues/environment.ts'
import type { SystemdHost } from './systemdHost.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }

/** What `npm run package:agent` has made for amd64. */
export const deb = join(root, `dist/agent/ec2-cagent_${version}_amd64.deb`)

/** The conffiles of the packages before conffiles were given up. */
export const earlierConffiles = [
  '/etc/default/ec2-cagent',
  '/etc/init.d/ec2-cagent',
  '/etc/logrotate.d/ec2-cagent',
]

/** Puts the package into the machine. @returns its path there */
export function bring(host: SystemdHost, file = deb, name = 'ec2-cagent.deb'): string {
  copyFileSync(file, join(host.root, 'root', name))
  return `/root/${name}`
}

/** Makes another package of the same program. @param change edits the unpacked package */
export async function repack(
  host: SystemdHost,
  name: string,
  change: (folder: string) => void,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'deb-'))
  try {
    await run('dpkg-deb', ['-R', deb, join(folder, 'package')])
    change(join(folder, 'package'))
    const file = join(host.root, 'root', name)
    await run('dpkg-deb', ['--root-owner-group', '-Znone', '--build', join(folder, 'package'), file])
    return `/root/${name}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export function setVersion(folder: string, other: string): void {
  const control = join(folder, 'DEBIAN/control')
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, `Version: ${other}`))
}

/** As packages were: with conffiles, and enabled by systemctl. */
export function makeEarlier(folder: string): void {
  setVersion(folder, '0.0.9')
  for (const file of earlierConffiles) {
    mkdirSync(join(folder, file, '..'), { recursive: true })
    writeFileSync(join(folder, file), `${contentOf(folder, file)}# of the earlier package\n`)
  }
  writeFileSync(join(folder, 'DEBIAN/conffiles'), `${earlierConffiles.join('\n')}\n`)
  rmSync(join(folder, 'DEBIAN/preinst'))
  const enable = 'systemctl daemon-reload; systemctl enable --quiet ec2-cagent; systemctl start ec2-cagent'
  writeFileSync(join(folder, 'DEBIAN/postinst'), `#!/bin/sh\n[ "$1" != configure ] || { ${enable}; }\n`)
}

/** update-rc.d wants a header in init scripts. */
function contentOf(folder: string, file: string): string {
  return file.includes('init.d') ? readFileSync(join(folder, 'usr/share/ec2-cagent/init'), 'utf8') : ''
}

/** Configuration and keys as an operator writes them, before or after the installation. */
export function configure(
  host: SystemdHost,
  { region, endpoint, queues }: Environment,
  limits: Readonly<Record<string, number>> = {},
): void {
  const folder = join(host.root, 'etc/ec2_collective')
  mkdirSync(folder, { recursive: true })
  const aws = {
    ...{ region, endpoint, sqs_read_queue: queues.commands },
    ...{ sqs_write_queue: queues.replies, sqs_facts_queue: queues.facts },
  }
  const content = { general: { kill_grace: 1 }, limits, facts: { ec2_metadata: 'never' }, aws }
  writeFileSync(join(folder, 'ec2-cagent.json'), JSON.stringify(content))
  writeFileSync(join(folder, 'environment'), 'AWS_ACCESS_KEY_ID=test\nAWS_SECRET_ACCESS_KEY=test\n', {
    mode: 0o600,
  })
}
