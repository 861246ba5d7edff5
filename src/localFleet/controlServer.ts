import { randomBytes } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { type ProcessLock, takeLock } from '../locks/processLock.ts'
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
export async function openControlServer(
  options: ControlServerOptions,
  take: (path: string) => Promise<ProcessLock | undefined> = takeLock,
): Promise<ControlServer | undefined> {
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
  const lock = await take(`${socketPath}.lock`)
  if (lock === undefined) return undefined
  try {
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
      // Without the lock, the socket at this path is the successor's.
      if (!lock.lost.aborted) await rm(socketPath, { force: true })
      await lock.release()
    },
  }
}

/**
 * A server that closes removes the path on which it listens, even if another one listens there by then. So it uses a path
 * of its own, which then replaces the socket that a killed supervisor has left.
 */
async function listen(server: Server, socketPath: string): Promise<void> {
  // Not longer than the path itself, whose length is limited.
  const own = path.join(path.dirname(socketPath), `.${randomBytes(4).toString('hex')}`)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(own, resolve))
  // A client that is not accepted for lack of file descriptors tries again.
  server.removeAllListeners('error').on('error', () => {})
  try {
    await rename(own, socketPath)
  } catch (error) {
    server.close()
    throw error
  }
}

function isStop(line: string): boolean {
  try {
    return (JSON.parse(line) as Partial<FleetRequest>).request === 'stop'
  } catch {
    return false
  }
}
