import { rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { takeLock } from '../locks/processLock.ts'
import type { FleetRequest, FleetState } from './fleetState.ts'

/** The socket server of a supervisor for its clients. */
export interface ControlServer {
  /** Sends the state to all clients. */
  publish(state: FleetState): void
  /** Disconnects all clients and releases the socket's path. */
  close(): Promise<void>
}

export interface ControlServerOptions {
  readonly socketPath: string
  readonly state: () => FleetState
  /** Called with the number of clients whenever it changes. */
  readonly onClients: (count: number) => void
  readonly onStop: () => void
  /** Called when the lock is lost: another supervisor may start at any moment. */
  readonly onReplaced: () => void
}

/** Starts listening; undefined when a living supervisor has the socket's path. */
export async function openControlServer(options: ControlServerOptions): Promise<ControlServer | undefined> {
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
  const lock = await takeLock(`${socketPath}.lock`)
  if (lock === undefined) return undefined
  try {
    // A socket that exists was left by a supervisor that was killed.
    await rm(socketPath, { force: true })
    await listen(server, socketPath)
  } catch (error) {
    await lock.release()
    throw error
  }
  if (lock.lost.aborted) onReplaced()
  else lock.lost.addEventListener('abort', onReplaced)

  return {
    publish(news) {
      for (const client of clients) client.write(`${JSON.stringify(news)}\n`)
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const client of clients) client.destroy()
      await closed
      await lock.release()
    },
  }
}

async function listen(server: Server, socketPath: string): Promise<void> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve))
  // A client that is not accepted for lack of file descriptors tries again.
  server.removeAllListeners('error').on('error', () => {})
}

function isStop(line: string): boolean {
  try {
    return (JSON.parse(line) as Partial<FleetRequest>).request === 'stop'
  } catch {
    return false
  }
}
