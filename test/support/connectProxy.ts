import { createServer as createPlainServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** A proxy on loopback that opens tunnels, all of them to one server, whatever their target is called. */
export interface ConnectProxy {
  readonly port: number
  /** As in `sqs.eu-west-1.amazonaws.com:443`, one for each tunnel that was asked for. */
  readonly targets: readonly string[]
  stop(): Promise<void>
}

export interface ConnectProxyOptions {
  /** Where tunnels end: a port on loopback. */
  readonly port?: number
  /** `user:password` that it asks for. */
  readonly login?: string
  /** Instead of a tunnel: the status line and what follows it; `hang`: nothing. */
  readonly answer?: string
  /** The proxy itself is reached by TLS. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

export async function startConnectProxy(options: ConnectProxyOptions): Promise<ConnectProxy> {
  const targets: string[] = []
  const open = new Set<Duplex>()
  const server = (options.tls === undefined ? createPlainServer() : createTlsServer(options.tls)) as Server
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  server.on('connect', ({ url = '', headers }, socket: Duplex, head: Buffer) => {
    targets.push(url)
    socket.on('error', () => {})
    const { login, answer, port = 0 } = options
    if (answer === 'hang') return
    if (answer !== undefined) {
      socket.end(answer)
      return
    }
    const expected = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`
    if (headers['proxy-authorization'] !== expected) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n')
      return
    }
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.write(head)
      onward.pipe(socket).pipe(onward)
    })
    open.add(onward)
    onward.on('close', () => {
      open.delete(onward)
      socket.destroy()
    })
    onward.on('error', () => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    targets,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}
