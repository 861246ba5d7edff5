import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that passed. */
export interface Passed {
  /** SQS operation, as in `ReceiveMessage`. */
  readonly operation: string
  /** Queue name; empty where the request names none by its URL. */
  readonly queue: string
}

/** An HTTP proxy before an SQS endpoint that does nothing but count. */
export interface CountingProxy {
  /** To be given to the SDK instead of the real one. */
  readonly endpoint: string
  /** What passed so far, in its order. */
  readonly passed: readonly Passed[]
  stop(): Promise<void>
}

export async function startCountingProxy(endpoint: string): Promise<CountingProxy> {
  const agent = new http.Agent({ keepAlive: true })
  const passed: Passed[] = []
  const server = http.createServer(async (incoming, outgoing) => {
    const { method, url, headers } = incoming
    const body = Buffer.concat(await incoming.toArray())
    const operation = String(headers['x-amz-target']).replace(/^.*\./, '')
    passed.push({ operation, queue: /"QueueUrl":"[^"]*\/([^"/]+)"/.exec(body.toString('utf8'))?.[1] ?? '' })
    const upstream = http.request(new URL(url ?? '/', endpoint), { agent, method, headers })
    upstream.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(outgoing)
    })
    upstream.on('error', () => incoming.socket.destroy())
    outgoing.on('close', () => upstream.destroy())
    upstream.end(body)
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      agent.destroy()
    },
  }
}
