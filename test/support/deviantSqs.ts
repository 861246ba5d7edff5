import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { createUpstream } from './faults/upstream.ts'
import { readRequest, type WireAnswer, type WireRequest } from './faults/wire.ts'

/** Answers a request in its own way, or as the endpoint behind it does: by `forward`. */
export type Deviation = (
  request: WireRequest,
  forward: (request: WireRequest) => Promise<WireAnswer>,
) => WireAnswer | Promise<WireAnswer>

/** An SQS that deviates in one way from the endpoint behind it. */
export interface DeviantSqs {
  readonly endpoint: string
  stop(): Promise<void>
}

export async function startDeviantSqs(endpoint: string, deviation: Deviation): Promise<DeviantSqs> {
  const upstream = createUpstream(endpoint)
  const server = http.createServer(async (incoming, outgoing) => {
    try {
      const { status, headers, body } = await deviation(await readRequest(incoming), (request) =>
        upstream.forward(request),
      )
      outgoing.sendDate = false
      outgoing.writeHead(status, headers).end(body)
    } catch {
      incoming.socket.destroy()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      upstream.close()
      await closed
    },
  }
}
