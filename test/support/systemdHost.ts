import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { until } from './until.ts'

const run = promisify(execFile)
const relayProgram = fileURLToPath(new URL('./loopbackRelay.mjs', import.meta.url))

/** How systemd-nspawn says that the machine wants to be booted again. */
const rebootCode = 133
/** On a busy machine. */
const bootMs = 120_000

/**
 * A machine of its own in a container: a real systemd as its first process, a copy of a root file system, a pure cgroup v2,
 * and a network namespace with nothing but a loopback, on which the port `port` of this machine's loopback can be reached.
 */
export interface SystemdHost {
  /** Its root directory as this machine sees it. */
  readonly root: string
  /** How often it has booted. */
  readonly boots: number
  /** Boots it; it boots again by itself when something in it reboots. Resolves when systemd has started everything. */
  boot(): Promise<void>
  /** Runs a shell script as root in the booted machine. @throws Error with its output when it fails */
  run(script: string): Promise<string>
  /** The same, as `code` and all output. */
  attempt(script: string): Promise<{ readonly code: number; readonly output: string }>
  /** Runs a script in its root directory without booting it, as image builders do. */
  chroot(script: string): Promise<string>
  stop(): Promise<void>
}

/** @param base root file system that is copied @param port of this machine's loopback */
export async function createSystemdHost(base: string, port: number): Promise<SystemdHost> {
  const folder = mkdtempSync(join(tmpdir(), 'systemd-'))
  const root = join(folder, 'root')
  const socket = join(folder, 'relay')
  const name = `ec2c-${basename(folder)}`
  // Its content, as it may be a link.
  await run('cp', ['-a', '--reflink=auto', `${base}/.`, root])
  const relay = await listenOn(socket, port)
  let isStopping = false
  let hasEnded = false
  let boots = 0
  let machine: ChildProcess | undefined
  let relayed: ChildProcess | undefined
  let console = ''

  const start = () => {
    machine = spawnMachine(root, name)
    boots += 1
    machine.stdout?.on('data', (bytes) => {
      console += bytes
    })
    machine.stderr?.on('data', (bytes) => {
      console += bytes
    })
    machine.on('exit', (code) => {
      relayed?.kill()
      if (code === rebootCode && !isStopping) start()
      else hasEnded = true
    })
  }
  const attempt = async (script: string) => {
    const leader = leaderOf(machine)
    if (leader === undefined) return { code: -1, output: 'the machine does not run' }
    return collect(
      spawn('nsenter', ['-t', String(leader), ...['-m', '-u', '-i', '-n', '-p', '-C'], ...inside(script)], {
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    )
  }
  const isUp = async () => {
    if (hasEnded) throw new Error(`the machine has ended; it said: ${console}`)
    const { output } = await attempt('systemctl is-system-running --wait')
    return /^(running|degraded)$/m.test(output)
  }
  const ready = async () => {
    await until(isUp, 'systemd to start everything; it said: ', () => console, bootMs)
    const own = ['-t', String(machine?.pid), '-m', 'sh', '-ec']
    await run('nsenter', [...own, enableControllers(`/sys/fs/cgroup/${name}`)])
    relayed = spawn(
      'nsenter',
      ['-t', String(leaderOf(machine)), '-n', process.execPath, relayProgram, String(port), socket],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    )
    await Promise.race([
      once(relayed.stdout as Readable, 'data'),
      once(relayed, 'exit').then(([code]) => Promise.reject(new Error(`the relay ended with ${code}`))),
    ])
  }
  return {
    root,
    get boots() {
      return boots
    },
    async boot() {
      if (machine === undefined) start()
      await ready()
    },
    attempt,
    run: async (script) => succeeded(script, await attempt(script)),
    chroot: async (script) => succeeded(script, await collect(spawn('chroot', [root, ...inside(script)]))),
    async stop() {
      isStopping = true
      relayed?.kill()
      if (machine !== undefined && machine.exitCode === null) {
        const ended = once(machine, 'exit')
        // With it the kernel ends all processes of its namespace.
        process.kill(leaderOf(machine) ?? (machine.pid as number), 'SIGKILL')
        await ended
      }
      relay.close()
      const isolated = ['-m', '--propagation', 'slave', 'sh', '-ec']
      await run('unshare', [...isolated, `${cgroupMounts}; ${removeCgroup(name)}`])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A mount namespace that has all cgroups of version 2 where a pure system has them, and a place of its own for systemd-nspawn. */
const cgroupMounts = `
  mkdir -p /run/systemd/nspawn && mount -t tmpfs tmpfs /run/systemd/nspawn
  umount -l /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup`

/** In a cgroup of its own; ended with this process at the latest. Containers in it need the system calls that are named. */
function spawnMachine(root: string, name: string): ChildProcess {
  const script = `${cgroupMounts}
    ${removeCgroup(name)}
    ${enableControllers('/sys/fs/cgroup')}
    mkdir /sys/fs/cgroup/${name}; echo $$ >/sys/fs/cgroup/${name}/cgroup.procs
    exec env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet -D ${root} -M ${name} --register=no --keep-unit --private-network --system-call-filter='bpf @keyring' -b --console=pipe`
  const args = ['--pdeathsig', 'TERM', 'unshare', '-m', '--propagation', 'slave', 'sh', '-ec', script]
  return spawn('setpriv', args, { stdio: ['ignore', 'pipe', 'pipe'] })
}

/** What the last boot has left of it. */
function removeCgroup(name: string): string {
  return `if test -d /sys/fs/cgroup/${name}; then find /sys/fs/cgroup/${name} -depth -type d -exec rmdir {} ';'; fi`
}

/** A shell script that lets cgroups below this one have every controller that it has. */
export function enableControllers(cgroup: string): string {
  return `for c in $(cat ${cgroup}/cgroup.controllers); do echo +$c >${cgroup}/cgroup.subtree_control; done`
}

/** The first process of the machine. */
function leaderOf(machine: ChildProcess | undefined): number | undefined {
  if (machine?.pid === undefined || machine.exitCode !== null) return undefined
  try {
    const children = readFileSync(`/proc/${machine.pid}/task/${machine.pid}/children`, 'utf8').trim()
    const [child] = children.split(' ').filter((pid) => pid !== '')
    if (child === undefined || readFileSync(`/proc/${child}/comm`, 'utf8') !== 'systemd\n') return undefined
    return Number(child)
  } catch {
    return undefined
  }
}

function inside(script: string): string[] {
  const variables = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'DEBIAN_FRONTEND=noninteractive', 'HOME=/root']
  return ['env', '-i', ...variables, 'bash', '-c', script]
}

async function collect(child: ChildProcess): Promise<{ code: number; output: string }> {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (bytes) => {
      output += bytes
    })
  }
  const [code, signal] = await once(child, 'close')
  return { code: code ?? -1, output: signal === null ? output : `${output}(ended by ${signal})` }
}

function succeeded(script: string, { code, output }: { code: number; output: string }): string {
  if (code !== 0) throw new Error(`${script}\nended with ${code}:\n${output}`)
  return output
}

async function listenOn(socket: string, port: number): Promise<Server> {
  const server = createServer((client) => {
    const target = connect(port, '127.0.0.1')
    client.pipe(target).pipe(client)
    client.on('error', () => target.destroy())
    target.on('error', () => client.destroy())
  })
  server.listen(socket)
  await once(server, 'listening')
  return server
}
