import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import type { Environment } from '../queues/environment.ts'
import { LocalizableError, say } from '../text/localizable.ts'
import type { FleetRequest, FleetState, LocalAgent } from './fleetState.ts'
import { socketPath } from './socketPath.ts'

/** A local fleet, which runs at least while this is open: servers simulated by this machine. */
export interface LocalFleet {
  /** `testing` and `production`, with the endpoint and credentials of the fleet. */
  readonly environments: readonly Environment[]
  readonly endpoint: string
  /** The agents now. */
  readonly agents: readonly LocalAgent[]
  /** Calls `listener` when `agents` has changed. Returns a function that removes it. */
  onChange(listener: () => void): () => void
  /** Resolves when the fleet has ended for any reason, or this client has closed. */
  readonly ended: Promise<void>
  /** Disconnects. The fleet ends about 30 s after its last client: a slow machine takes long to reload a window. */
  close(): void
  /** Ends the fleet for all clients; resolves when all its processes have ended. */
  stop(): Promise<void>
}

export interface LocalFleetOptions {
  /** Clients with the same directory share a fleet. Contains configurations, logs and the agents' state. */
  readonly directory: string
  /** The Node executable. Default: that of this process. */
  readonly node?: string
  /** Folder of `localFleet.js`, `sqsServer.js` and `ec2-cagent.js`. Default: that of the running bundle. */
  readonly programs?: string
  /** How long the fleet keeps running after its last client has disconnected, milliseconds. */
  readonly lingerMs?: number
  readonly signal?: AbortSignal
}

/** How long to wait for the fleet's start: a machine under load takes some seconds for ten processes. Milliseconds. */
const patienceMs = 30_000

/**
 * Starts the local fleet, or joins the one that runs in this directory. When this resolves, its agents are started; they
 * publish their facts within a second or two.
 * @throws Error that says why it cannot be started; the signal's reason when aborted
 */
export async function openLocalFleet(options: LocalFleetOptions): Promise<LocalFleet> {
  if (process.platform === 'win32') {
    throw new LocalizableError(
      say('The local fleet runs only on Linux and macOS, because its agents execute shell commands.'),
    )
  }
  const directory = path.resolve(options.directory)
  const socketFile = await socketPath(directory)
  const giveUpAt = performance.now() + patienceMs
  let supervisor: SupervisorProcess | undefined
  while (performance.now() < giveUpAt) {
    options.signal?.throwIfAborted()
    const socket = await join(socketFile)
    const fleet = socket && (await greet(socket, options.signal))
    if (fleet !== undefined) return fleet
    if (supervisor?.failed) break
    // A supervisor that has ended found another one running, which may be about to end.
    if (supervisor === undefined || supervisor.ended) supervisor = startSupervisor(directory, options)
    await delay(50)
  }
  const log = await readFile(path.join(directory, 'fleet.log'), 'utf8').catch(() => '')
  throw new LocalizableError(
    log.trim() === ''
      ? say('Cannot start the local fleet in {0}: it did not answer.', directory)
      : say('Cannot start the local fleet in {0}. {1}', directory, log.trim().slice(-500)),
  )
}

/** Joins the local fleet that runs in `directory`; undefined when none does. Starts nothing. */
export async function joinLocalFleet(
  directory: string,
  signal?: AbortSignal,
): Promise<LocalFleet | undefined> {
  const socket = await join(await socketPath(path.resolve(directory)))
  return socket && greet(socket, signal)
}

interface SupervisorProcess {
  readonly ended: boolean
  readonly failed: boolean
}

/** Starts it in its own process session, so that it survives a reload of the window that started it. */
function startSupervisor(
  directory: string,
  { node, programs, lingerMs }: LocalFleetOptions,
): SupervisorProcess {
  const program = path.join(programs ?? import.meta.dirname, 'localFleet.js')
  const log = openSync(path.join(directory, 'fleet.log'), 'w', 0o600)
  const child = spawn(
    node ?? process.execPath,
    [program, directory, ...(lingerMs === undefined ? [] : [String(lingerMs)])],
    {
      detached: true,
      cwd: '/',
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['ignore', log, log],
    },
  )
  closeSync(log)
  child.unref()
  let failed = false
  child.on('error', () => {
    failed = true
  })
  return {
    get ended() {
      return child.exitCode !== null || child.signalCode !== null
    },
    get failed() {
      return failed || (child.exitCode ?? 0) !== 0
    },
  }
}

async function join(socketPath: string): Promise<Socket | undefined> {
  const socket = connect(socketPath)
  try {
    await once(socket, 'connect')
    return socket
  } catch {
    return undefined
  }
}

/** Waits until the fleet runs; undefined when it ends instead. */
async function greet(socket: Socket, signal?: AbortSignal): Promise<LocalFleet | undefined> {
  const listeners = new Set<() => void>()
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  let state: FleetState | undefined
  socket.on('error', () => {})
  const running = new Promise<FleetState>((resolve) => {
    const lines = createInterface(socket).on('error', () => {})
    lines.on('line', (line) => {
      state = JSON.parse(line) as FleetState
      if (state.phase === 'running') resolve(state)
      for (const listener of listeners) listener()
    })
  })
  const abort = () => socket.destroy()
  signal?.addEventListener('abort', abort, { once: true })
  const first = await Promise.race([running, ended])
  signal?.removeEventListener('abort', abort)
  if (first === undefined) return undefined
  return {
    environments: first.environments,
    endpoint: first.environments[0]?.endpoint ?? '',
    get agents() {
      return state?.agents ?? []
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    ended,
    close: () => void socket.destroy(),
    async stop() {
      const request: FleetRequest = { request: 'stop' }
      socket.write(`${JSON.stringify(request)}\n`)
      await ended
      // The supervisor disconnects its clients last, and then needs a moment to end.
      for (let left = 500; left > 0 && isAlive(first.supervisorPid); left -= 1) await delay(20)
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
