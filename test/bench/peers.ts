import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { median } from './runLatency.ts'

export type PeerResult = { readonly name: string } & (
  | { readonly elapsedMs: number }
  | { readonly skipped: string }
)

const sshd = '/usr/sbin/sshd'

/** Other tools that run `uname -a` on as many hosts, where Debian's packages of them are installed: over a loopback sshd. */
export async function measurePeers(hosts: number, rounds: number): Promise<PeerResult[]> {
  const installed = [sshd, '/usr/bin/clush', '/usr/bin/pdsh'].map((path) => existsSync(path))
  const [hasSshd, hasClush, hasPdsh] = installed
  const skipped = (name: string, skip: string): PeerResult => ({ name, skipped: skip })
  const mco = skipped('mco', existsSync('/usr/bin/mco') ? 'needs a broker of its own' : 'is not installed')
  if (!hasSshd)
    return [
      skipped('clush', 'openssh-server is not installed'),
      skipped('pdsh', 'openssh-server is not installed'),
      mco,
    ]
  const server = await startSshd(hosts)
  try {
    const results: PeerResult[] = []
    const last = hosts + 1
    const nodes = `127.0.0.[2-${last}]`
    if (hasClush)
      results.push({
        name: 'clush',
        elapsedMs: await time(['clush', '-q', '-f', '64', '-o', server.options, '-w', nodes, 'uname', '-a']),
      })
    else results.push(skipped('clush', 'is not installed'))
    const variables = { PDSH_RCMD_TYPE: 'ssh', PDSH_SSH_ARGS_APPEND: server.options }
    if (hasPdsh)
      results.push({
        name: 'pdsh',
        elapsedMs: await time(['pdsh', '-f', '64', '-w', nodes, 'uname -a'], variables),
      })
    else results.push(skipped('pdsh', 'is not installed'))
    return [...results, mco]
  } finally {
    await server.stop()
  }

  async function time(
    [program = '', ...args]: string[],
    variables: Record<string, string> = {},
  ): Promise<number> {
    const elapsed = []
    for (let round = 0; round < rounds; round += 1) {
      const startedAt = performance.now()
      const { stdout } = await promisify(execFile)(program, args, { env: { ...process.env, ...variables } })
      elapsed.push(performance.now() - startedAt)
      const lines = stdout.trim().split('\n').length
      if (lines !== hosts) throw new Error(`${program}: ${lines} of ${hosts} hosts answered`)
    }
    return median(elapsed)
  }
}

/** OpenSSH's MAX_LISTEN_SOCKS. */
const addressesPerSshd = 16

/** Listens on one loopback address per host, with keys of its own. */
async function startSshd(hosts: number) {
  const directory = await mkdtemp(join(tmpdir(), 'ec2-collective-sshd-'))
  const port = await freePort()
  const [hostKey, userKey] = [join(directory, 'host'), join(directory, 'user')]
  for (const key of [hostKey, userKey])
    await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  await mkdir('/run/sshd', { recursive: true })
  const addresses = Array.from({ length: hosts }, (_, index) => `127.0.0.${index + 2}`)
  const common = [
    ...[`Port ${port}`, `HostKey ${hostKey}`, `AuthorizedKeysFile ${userKey}.pub`, 'StrictModes no'],
    ...['UsePAM no', 'PermitRootLogin yes', 'MaxStartups 200', 'PidFile none'],
  ]
  const children: ChildProcess[] = []
  for (let first = 0; first < hosts; first += addressesPerSshd) {
    const listens = addresses.slice(first, first + addressesPerSshd)
    const config = join(directory, `config-${first}`)
    await writeFile(
      config,
      [...common, ...listens.map((address) => `ListenAddress ${address}`), ''].join('\n'),
    )
    children.push(
      await listening(
        spawn(sshd, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] }),
        listens.length,
      ),
    )
  }
  const options = `-p ${port} -i ${userKey} -l ${userInfo().username} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`
  return {
    options,
    async stop() {
      for (const child of children) child.kill()
      await Promise.all(children.map((child) => child.exitCode === null && once(child, 'exit')))
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Resolves when an sshd listens on all of its addresses. */
async function listening(child: ChildProcess, addresses: number): Promise<ChildProcess> {
  let log = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (bytes) => {
      log += bytes
      if ((log.match(/Server listening/g) ?? []).length >= addresses) resolve()
    })
    child.once('exit', () => reject(new Error(`sshd ended: ${log.trim()}`)))
  })
  return child
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
