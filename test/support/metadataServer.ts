import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A small EC2 instance metadata service, version 2, on loopback. */
export interface MetadataServer {
  readonly endpoint: string
  /** What it answers by path; others are 404. May be changed. */
  readonly paths: Map<string, string>
  /** As in `PUT /latest/api/token`. */
  readonly asked: readonly string[]
  /** From now on it takes requests and never answers. */
  hang(): void
  stop(): void
}

export async function startMetadataServer(): Promise<MetadataServer> {
  const asked: string[] = []
  const paths = new Map([
    [
      '/latest/dynamic/instance-identity/document',
      JSON.stringify({
        instanceId: 'i-0123456789abcdef0',
        instanceType: 't3.micro',
        availabilityZone: 'eu-west-1a',
        region: 'eu-west-1',
        accountId: '123456789012',
        imageId: 'ami-1',
        billingProducts: null,
      }),
    ],
    ['/latest/meta-data/tags/instance', 'Name\nrole'],
    ['/latest/meta-data/tags/instance/Name', 'web-1'],
    ['/latest/meta-data/tags/instance/role', 'web'],
  ])
  let hangs = false
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    if (hangs) return
    if (request.method === 'PUT' && request.url === '/latest/api/token') {
      const isAsked = request.headers['x-aws-ec2-metadata-token-ttl-seconds'] !== undefined
      response.writeHead(isAsked ? 200 : 400).end('token-1')
    } else if (request.headers['x-aws-ec2-metadata-token'] !== 'token-1') response.writeHead(401).end()
    else {
      const body = paths.get(request.url ?? '')
      response.writeHead(body === undefined ? 404 : 200).end(body)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths,
    asked,
    hang() {
      hangs = true
    },
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
