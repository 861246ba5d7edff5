import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

const file = (name: string) => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url))

/**
 * The certificate of an authority that nobody trusts, and one that it has signed, for `*.eu-west-1.amazonaws.com`,
 * `*.sso.eu-west-1.amazonaws.com`, `proxy.example.com`, `localhost` and 127.0.0.1, with its key. Both are valid for a century; the
 * authority's key was thrown away.
 */
export const authorityFile = file('authority.pem')
export const certificate = {
  key: readFileSync(file('server.key'), 'utf8'),
  cert: readFileSync(file('server.pem'), 'utf8'),
}

/** AWS on loopback, by TLS: SQS, and STS and SSO as far as they give credentials. */
export interface TlsFront {
  readonly port: number
  /** `host` of each request, in their order, without repetitions. */
  readonly hosts: readonly string[]
  /** What each access key has asked of SQS, in its order, as in `GetQueueUrl`. */
  operationsOf(accessKeyId: string): readonly string[]
  stop(): Promise<void>
}

/** @param sqsEndpoint where requests to SQS go, by HTTP */
export async function startTlsFront(sqsEndpoint: string): Promise<TlsFront> {
  const hosts = new Set<string>()
  const operations = new Map<string, string[]>()
  const server = createServer(certificate, (incoming, response) => {
    const host = incoming.headers.host ?? ''
    hosts.add(host)
    const answer = answers.find(([prefix]) => host.startsWith(prefix))?.[1]
    if (answer !== undefined) {
      incoming.resume()
      response.end(answer)
      return
    }
    const { method, url, headers } = incoming
    const [, key = ''] = /Credential=([^/]+)/.exec(headers.authorization ?? '') ?? []
    const operation = String(headers['x-amz-target'] ?? '').replace('AmazonSQS.', '')
    operations.set(key, [...(operations.get(key) ?? []), operation])
    const onward = request(new URL(url ?? '/', sqsEndpoint), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    get hosts() {
      return [...hosts]
    },
    operationsOf: (accessKeyId) => operations.get(accessKeyId) ?? [],
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const keys = { accessKeyId: 'ASIATEMP', secretAccessKey: 'secret', sessionToken: 'token' }
const expires = Date.now() + 3600_000

const answers: readonly (readonly [host: string, body: string])[] = [
  [
    'sts.',
    `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>${keys.accessKeyId}</AccessKeyId><SecretAccessKey>${keys.secretAccessKey}</SecretAccessKey><SessionToken>${keys.sessionToken}</SessionToken><Expiration>${new Date(expires).toISOString()}</Expiration></Credentials></AssumeRoleResult><GetCallerIdentityResult><Arn>arn:aws:sts::123456789012:assumed-role/ops/ada</Arn><Account>123456789012</Account><UserId>AROAX:ada</UserId></GetCallerIdentityResult></AssumeRoleResponse>`,
  ],
  ['portal.sso.', JSON.stringify({ roleCredentials: { ...keys, expiration: expires } })],
]
