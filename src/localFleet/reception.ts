import { lstat, unlink } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { FleetRequest, FleetState } from './fleetState.ts'

/** Where a supervisor meets its clients. */
export interface Reception {
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

/** Takes the meeting point; `undefined` when a living supervisor has it. */
export async function openReception(options: ReceptionOptions): Promise<Reception | undefined> {
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
    createInterface(client).on('line', (line) => {
      if (isStop(line)) onStop()
    })
    client.write(`${JSON.stringify(state())}\n`)
  })
  if (!(await listen(server, socketPath))) {
    if (await isAnswered(socketPath)) return undefined
    // Left behind by a supervisor that was killed. Two that come upon it together may both get here: the one whose
    // socket is removed by the other notices below.
    await unlink(socketPath).catch(() => {})
    if (!(await listen(server, socketPath))) return undefined
  }
  const { ino } = await lstat(socketPath)
  const checking = setInterval(async () => {
    const now = await lstat(socketPath).catch(() => undefined)
    if (now?.ino !== ino) onReplaced()
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

function listen(server: Server, socketPath: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(error)
    }
    server.once('error', onError)
    server.listen(socketPath, () => {
      server.off('error', onError)
      resolve(true)
    })
  })
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
