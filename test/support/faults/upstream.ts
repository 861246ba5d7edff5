import http from 'node:http'
import type { WireAnswer, WireRequest } from './wire.ts'

/** The real endpoint behind the proxy. */
export interface Upstream {
  /** Rejects with the signal's reason when the caller has gone: SQS then ends a long poll, too. */
  forward(request: WireRequest, signal?: AbortSignal): Promise<WireAnswer>
  close(): void
}

export function createUpstream(endpoint: string): Upstream {
  const agent = new http.Agent({ keepAlive: true })
  return {
    forward: ({ method, path, headers, body }, signal) =>
      new Promise((resolve, reject) => {
        const url = new URL(path, endpoint)
        const request = http.request(url, { method, headers, agent, ...(signal && { signal }) }, (answer) => {
          const parts: Buffer[] = []
          answer.on('data', (part) => parts.push(part))
          answer.on('error', reject)
          answer.on('end', () => {
            const { connection, 'keep-alive': keepAlive, ...kept } = answer.headers as Record<string, string>
            resolve({ status: answer.statusCode ?? 500, headers: kept, body: Buffer.concat(parts) })
          })
        })
        request.on('error', reject)
        request.end(body)
      }),
    close: () => agent.destroy(),
  }
}
