import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  bindCallOptions,
  type Exchange,
  needlessMiddleware,
  setUserAgent,
  signedHeaders,
  slimDown,
  watchExchanges,
} from '../../../src/queues/sdkInternals.ts'
import { createSqsClient } from '../../../src/queues/sqsClient.ts'

const credentials = { accessKeyId: 'AKIAADA', secretAccessKey: 'secret' }

let server: Server
let endpoint: string
let requests: IncomingHttpHeaders[]
let answer: { status: number; body: string } | 'none'

beforeEach(async () => {
  requests = []
  answer = { status: 200, body: '{"MessageId":"1"}' }
  server = createServer((request, response) => {
    requests.push(request.headers)
    request.resume()
    if (answer !== 'none') response.writeHead(answer.status).end(answer.body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  server.close()
  server.closeAllConnections()
})

function bareClient(): SQSClient {
  return new SQSClient({ region: 'eu-west-1', endpoint, credentials, md5: false, cacheMiddleware: true })
}

const send = () => new SendMessageCommand({ QueueUrl: `${endpoint}/000000000000/q`, MessageBody: 'body' })

describe('the SDK that is installed', () => {
  it('has the middleware that ours was written for: with more, or less, look at src/queues/sdkInternals.ts again', () => {
    expect(bareClient().middlewareStack.identify()).toEqual([
      'loggerMiddleware - initialize',
      'serializerMiddleware - serialize',
      'contentLengthMiddleware - build',
      'getUserAgentMiddleware - build',
      'hostHeaderMiddleware - build',
      'recursionDetectionMiddleware - build',
      'retryMiddleware - finalizeRequest',
      'httpSigningMiddleware (a.k.a. apiKeyMiddleware,tokenMiddleware,awsAuthMiddleware) - finalizeRequest',
      'deserializerMiddleware - deserialize',
    ])
  })

  it('lets middleware be taken away by its name, and its retries be replaced', async () => {
    const client = bareClient()
    slimDown(client)
    const left = client.middlewareStack.identify().join('\n')
    for (const name of needlessMiddleware) expect(left).not.toContain(name)
    answer = { status: 503, body: '{}' }
    await expect(client.send(send())).rejects.toThrow()
    expect(requests).toHaveLength(1)
    client.destroy()
  })

  it('lets the user agent of a request be set before it is signed', async () => {
    const client = bareClient()
    slimDown(client)
    setUserAgent(client)
    await client.send(send())
    expect(requests[0]?.['user-agent']).toMatch(/^ec2-collective aws-sdk-js\/3\.\d+\.\d+$/)
    client.destroy()
  })

  it('hands the input of a command through to its innermost handler, where the options of the call are found', async () => {
    const client = bareClient()
    slimDown(client)
    const bind = bindCallOptions(client)
    await bind({ requestTimeout: 5_000 })(send())
    answer = 'none'
    const abort = new AbortController()
    const aborted = bind({ requestTimeout: 60_000, abortSignal: abort.signal })(send())
    await expect.poll(() => requests.length).toBe(2)
    abort.abort()
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
    await expect(client.send(send())).rejects.toThrow('a request without a deadline')
    client.destroy()
  })

  it('tells the deadline of one call to the HTTP client', async () => {
    const { sdk, bind } = createSqsClient({ region: 'eu-west-1', endpoint, credentials }, () => {})
    answer = 'none'
    await expect(bind({ requestTimeout: 1 })(send())).rejects.toMatchObject({ name: 'TimeoutError' })
    sdk.destroy()
  })

  it('shows the answer of each exchange, of refused ones too', async () => {
    const client = bareClient()
    slimDown(client)
    const exchanges: Exchange[] = []
    watchExchanges(client, (exchange) => exchanges.push(exchange))
    await client.send(send())
    answer = { status: 403, body: '{"__type":"AccessDenied"}' }
    await expect(client.send(send())).rejects.toThrow()
    await new Promise((resolve) => server.close(resolve).closeAllConnections())
    await expect(client.send(send())).rejects.toThrow()
    expect(exchanges).toMatchObject([
      { operation: 'SendMessage', answered: true, output: { MessageId: '1' }, date: expect.any(Number) },
      { operation: 'SendMessage', answered: true, output: undefined, date: expect.any(Number) },
      { operation: 'SendMessage', answered: false, output: undefined, date: undefined },
    ])
    client.destroy()
  })

  it('signs requests to other services with the credentials of a client', async () => {
    const client = bareClient()
    const url = new URL('https://sts.eu-west-1.amazonaws.com')
    const signed = await signedHeaders(client, { url, body: 'x', service: 'sts', region: 'eu-west-1' })
    expect(signed.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAADA\/\d{8}\/eu-west-1\/sts\/aws4_request, SignedHeaders=[a-z0-9;-]+, Signature=[0-9a-f]{64}$/,
    )
    client.destroy()
  })

  it('lets a client take over the connections of another', () => {
    const connection = { region: 'eu-west-1', endpoint, credentials }
    const first = createSqsClient(connection, () => {})
    const second = createSqsClient(connection, () => {}, first)
    expect(second.sdk.config.requestHandler).toBe(first.sdk.config.requestHandler)
    second.sdk.destroy()
  })
})

describe('an address that the SDK takes from elsewhere', () => {
  afterEach(() => vi.unstubAllEnvs())

  it.each(['AWS_ENDPOINT_URL_SQS', 'AWS_ENDPOINT_URL'])(
    'is used when it is on this machine: %s',
    async (name) => {
      vi.stubEnv(name, endpoint)
      const { bind } = createSqsClient({ region: 'eu-west-1', credentials }, () => {})
      await bind({ requestTimeout: 5000 })(send())
      expect(requests).toHaveLength(1)
    },
  )

  it.each([
    ['AWS_ENDPOINT_URL_SQS', 'http://sqs.example.com'],
    ['AWS_ENDPOINT_URL', 'http://sqs.example.com'],
    ['AWS_ENDPOINT_URL_SQS', 'https://169.254.169.254'],
    ['AWS_ENDPOINT_URL_SQS', 'http://0x0a000001'],
  ])('is refused before anything is signed: %s=%s', async (name, url) => {
    vi.stubEnv(name, url)
    const provider = vi.fn(async () => credentials)
    const { bind, sdk } = createSqsClient({ region: 'eu-west-1', credentials: provider }, () => {})
    const handle = vi.spyOn(sdk.config.requestHandler, 'handle').mockRejectedValue(new Error('a request'))
    await expect(bind({ requestTimeout: 5000 })(send())).rejects.toThrow(
      /^SQS cannot be used at http.*\. Use .*\. The address is that of .*AWS_ENDPOINT_URL_SQS/,
    )
    expect(handle).not.toHaveBeenCalled()
  })

  it('is refused when it is the one of a profile', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'profile-endpoint-'))
    const file = path.join(folder, 'config')
    await writeFile(file, '[profile far]\nendpoint_url = http://sqs.example.com\n')
    vi.stubEnv('AWS_PROFILE', 'far')
    vi.stubEnv('AWS_CONFIG_FILE', file)
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file)
    const { bind } = createSqsClient({ region: 'eu-west-1', credentials }, () => {})
    await expect(bind({ requestTimeout: 5000 })(send())).rejects.toThrow('http://sqs.example.com')
    await rm(folder, { recursive: true })
  })
})
