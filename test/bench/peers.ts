import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, constants, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { median } from './rounds.ts'

export type PeerResult = { readonly name: string } & (
  | { readonly elapsedMs: number }
  /** Why there is no figure, in words that follow the name. */
  | { readonly absence: string }
)

/** Other tools that run `uname -a` on as many hosts, where they are installed: over a loopback sshd. */
export async function measurePeers(hosts: number, rounds: number): Promise<PeerResult[]> {
  const mco = await absent('mco', 'skipped: it needs a broker of its own')
  const sshd = await find('sshd', ['/usr/sbin'])
  if (sshd === undefined) {
    const absence = 'skipped: there is no sshd for it to talk to'
    return [await absent('clush', absence), await absent('pdsh', absence), mco]
  }
  const server = await startSshd(sshd, hosts)
  const nodes = `127.0.0.[2-${hosts + 1}]`
  const clush = ['-q', '-f', '64', '-o', server.options, '-w', nodes, 'uname', '-a']
  const variables = { PDSH_RCMD_TYPE: 'ssh', PDSH_SSH_ARGS_APPEND: server.options }
  const pdsh = ['-f', '64', '-w', nodes, 'uname -a']
  const results = [
    await time('clush', clush, {}, hosts, rounds),
    await time('pdsh', pdsh, variables, hosts, rounds),
    mco,
  ]
  await server.stop()
  return results
}

/** Where the shell would find a program, or in one of the other directories. */
async function find(program: string, others: readonly string[] = []): Promise<string | undefined> {
  const directories = [...(process.env.PATH ?? '').split(delimiter), ...others]
  for (const path of directories.map((directory) => join(directory, program))) {
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return path
  }
  return undefined
}

/** @param absence why there is no figure of it where it is installed */
async function absent(name: string, absence: string): Promise<PeerResult> {
  return { name, absence: (await find(name)) === undefined ? 'is not installed' : absence }
}

async function time(
  program: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
  hosts: number,
  rounds: number,
): Promise<PeerResult> {
  if ((await find(program)) === undefined) return { name: program, absence: 'is not installed' }
  const elapsed = []
  try {
    for (let round = 0; round < rounds; round += 1) {
      const startedAt = performance.now()
      const { stdout } = await promisify(execFile)(program, args, { env: { ...process.env, ...variables } })
      elapsed.push(performance.now() - startedAt)
      const lines = stdout.trim().split('\n').length
      if (lines !== hosts) throw new Error(`${lines} of ${hosts} hosts answered`)
    }
  } catch (error) {
    return { name: program, absence: `failed: ${(error as Error).message}` }
  }
  return { name: program, elapsedMs: median(elapsed) }
}

/** OpenSSH's MAX_LISTEN_SOCKS. */
const addressesPerSshd = 16

/** Listens on one loopback address per host, with keys of its own. */
async function startSshd(sshd: string, hosts: number) {
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
