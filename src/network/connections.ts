import { setMaxListeners } from 'node:events'
import { type ClientRequestArgs, Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent, type RequestOptions } from 'node:https'
import { isIP, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, type SecureContext } from 'node:tls'
import type { Target } from './noProxy.ts'
import { type ProxyServer, type ProxySettings, proxyFor } from './proxy.ts'
import type { Trust } from './trust.ts'
import { openTunnel } from './tunnel.ts'

/** The connections of one client: by proxies, and with the certificates, that its surroundings name. */
export interface Connections {
  readonly httpAgent: HttpAgent
  readonly httpsAgent: HttpsAgent
  /** The last connection that failed since this was last asked. */
  takeFailure(): FailedConnection | undefined
}

export interface FailedConnection {
  readonly host: string
  readonly error: Error
}

export interface ConnectionOptions {
  /** Most parallel connections to one host. */
  readonly maxSockets: number
  /** Read for each connection, as settings may change. */
  readonly proxies: () => ProxySettings
  readonly env: NodeJS.ProcessEnv
  readonly trust: Trust
}

/** What Node's agents want a connection to. */
interface Wanted {
  readonly host?: string | null | undefined
  readonly port?: number | string | null | undefined
  readonly servername?: string | undefined
}

type Done = (error: Error | null, socket: Duplex) => void

/** How long a direct connection may take, name and addresses included, milliseconds. */
const connectWithinMs = 5_000

/** Errors of proxies and of certificate files reject the request as `ConnectionError`. */
export function createConnections({ maxSockets, proxies, env, trust }: ConnectionOptions): Connections {
  const closed = new AbortController()
  setMaxListeners(0, closed.signal)
  let failure: FailedConnection | undefined
  const connections: Connections = {
    httpAgent: new (class extends HttpAgent {
      override createConnection(wanted: Wanted, done: Done) {
        return make(wanted, false, done, () => super.createConnection(wanted as ClientRequestArgs))
      }
    })({ keepAlive: true, maxSockets }),
    httpsAgent: new (class extends HttpsAgent {
      override createConnection(wanted: Wanted, done: Done) {
        return make(wanted, true, done, (secureContext) =>
          super.createConnection({ ...wanted, ...(secureContext && { secureContext }) } as RequestOptions),
        )
      }
      override destroy(): void {
        closed.abort(new Error('the connections were closed'))
        super.destroy()
      }
    })({ keepAlive: true, maxSockets }),
    takeFailure() {
      const last = failure
      failure = undefined
      return last
    },
  }

  /** Node takes a socket that is returned at once, or, when there is none, the one that `done` gets. */
  function make(
    wanted: Wanted,
    isTls: boolean,
    done: Done,
    direct: (context?: SecureContext) => Duplex | null | undefined,
  ): Duplex | null | undefined {
    const host = wanted.host ?? 'localhost'
    const target = { host, port: Number(wanted.port ?? (isTls ? 443 : 80)), isTls }
    const watched = (socket: Duplex | null | undefined) => {
      socket?.once('error', (error) => {
        failure = { host, error }
      })
      return socket
    }
    const use = async (proxy: ProxyServer | undefined) => {
      const context = await trust.context()
      const socket =
        proxy === undefined
          ? endLate(direct(context))
          : await tunnelled(proxy, target, wanted.servername, context)
      closed.signal.throwIfAborted()
      done(null, watched(socket) as Duplex)
    }
    const fail = (error: Error) => {
      failure = { host, error }
      done(error, undefined as never)
    }
    try {
      const proxy = proxyFor(target, proxies(), env)
      if (proxy === undefined && !isTls) return watched(endLate(direct()))
      use(proxy).catch(fail)
    } catch (error) {
      process.nextTick(fail, error as Error)
    }
    return undefined
  }

  async function tunnelled(
    proxy: ProxyServer,
    target: Target & { readonly isTls: boolean },
    servername: string | undefined,
    secureContext: SecureContext | undefined,
  ): Promise<Duplex> {
    const socket = await openTunnel(proxy, target, secureContext, closed.signal)
    if (!target.isTls) return socket
    const { host } = target
    const name = servername ?? (isIP(host) === 0 ? host : '')
    return connectTls({ host, servername: name, socket, ...(secureContext && { secureContext }) })
  }

  return connections
}

function endLate<S extends Duplex | null | undefined>(socket: S): S {
  if (!(socket instanceof Socket)) return socket
  const late = setTimeout(
    () => socket.destroy(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' })),
    connectWithinMs,
  )
  for (const event of ['connect', 'close']) socket.once(event, () => clearTimeout(late))
  return socket
}
