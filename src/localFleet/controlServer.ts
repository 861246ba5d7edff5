import { link, lstat, rename, unlink } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import type { FleetRequest, FleetState } from './fleetState.ts'

/** Where a supervisor meets its clients. */
export interface ControlServer {
  /** Tells everybody. */
  publish(state: FleetState): void
  /** Sends everybody away and gives the place free. */
  close(): Promise<void>
}

export interface ReceptionOptions {
  readonly socketPath: string
  readonly state: () => FleetState
  /** Number of clients, whenever it changes. */
  readonly onClients: (count: number) => void
  readonly onStop: () => void
  /** Another supervisor has taken the place: this one has lost. */
  readonly onReplaced: () => void
}

/** How often the place is checked, milliseconds. */
const checkEveryMs = 1_000

/** How long a place that was left behind must stay ours before anything is started, milliseconds. */
const settleMs = 300

/** Takes the meeting point; `undefined` when a living supervisor has it. */
export async function openReception(options: ReceptionOptions): Promise<ControlServer | undefined> {
  const { socketPath, state, onClients, onStop, onReplaced } = options
  const clients = new Set<Socket>()
  const server = createServer((client) => {
    clients.add(client)
    onClients(clients.size)
    client.on('error', () => {})
    client.on('close', () => {
      clients.delete(client)
      onClients(clients.size)
    })
    createInterface(client)
      .on('line', (line) => {
        if (isStop(line)) onStop()
      })
      .on('error', () => {})
    client.write(`${JSON.stringify(state())}\n`)
  })
  const isOurs = await take(server, socketPath)
  if (isOurs === undefined) return undefined
  const checking = setInterval(async () => {
    if (!(await isOurs())) onReplaced()
  }, checkEveryMs)

  return {
    publish(news) {
      for (const client of clients) client.write(`${JSON.stringify(news)}\n`)
    },
    async close() {
      clearInterval(checking)
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const client of clients) client.destroy()
      await closed
      if (await isOurs()) await unlink(socketPath)
    },
  }
}

function isStop(line: string): boolean {
  try {
    return (JSON.parse(line) as Partial<FleetRequest>).request === 'stop'
  } catch {
    return false
  }
}

/**
 * Listens under a name of its own and only then takes the common one, so that a socket under the common name which
 * does not answer was left behind by a supervisor that was killed.
 * @returns a function that says whether the common name still is ours
 */
async function take(server: Server, socketPath: string): Promise<(() => Promise<boolean>) | undefined> {
  const ownPath = `${socketPath}.${process.pid}`
  await unlink(ownPath).catch(() => {})
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(ownPath, resolve))
  const { ino } = await lstat(ownPath)
  const isOurs = async () => (await lstat(socketPath).catch(() => undefined))?.ino === ino
  try {
    await link(ownPath, socketPath)
    await unlink(ownPath)
  } catch {
    if (await isAnswered(socketPath)) {
      await unlink(ownPath)
      return undefined
    }
    await rename(ownPath, socketPath)
    // Others may have found it left behind at the same moment: the last one has it.
    await delay(settleMs)
  }
  return (await isOurs()) ? isOurs : undefined
}

function isAnswered(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socketPath)
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
    connection.once('error', () => resolve(false))
  })
}
