import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { callerIdentity } from '../../../src/queues/callerIdentity.ts'
import type { QueueError } from '../../../src/queues/queueError.ts'
import { createQueues, type Queues } from '../../../src/queues/queues.ts'
import type { Connection } from '../../../src/queues/sqsClient.ts'
import { type ConnectProxy, type ConnectProxyOptions, startConnectProxy } from '../../support/connectProxy.ts'
import { type ScriptedEndpoint, startScriptedEndpoint, success } from '../../support/scriptedEndpoint.ts'
import { authorityFile, certificate, startTlsFront, type TlsFront } from '../../support/tlsFront.ts'

const credentials = { accessKeyId: 'AKIAADA', secretAccessKey: 'secret' }
const connection = { region: 'eu-west-1', credentials }

let folder: string
let sqs: ScriptedEndpoint
let front: TlsFront
let proxy: ConnectProxy
const open: Queues[] = []

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'proxies-'))
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'])
    for (const each of [name, name.toLowerCase()]) vi.stubEnv(each, undefined)
  vi.stubEnv('AWS_CA_BUNDLE', authorityFile)
  vi.stubEnv('AWS_CONFIG_FILE', path.join(folder, 'config'))
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', path.join(folder, 'credentials'))
  sqs = await startScriptedEndpoint(success)
  front = await startTlsFront(sqs.endpoint)
  await use({})
})
afterEach(async () => {
  for (const queues of open.splice(0)) queues.close()
  vi.unstubAllEnvs()
  await Promise.all([proxy.stop(), front.stop(), sqs.stop()])
  await rm(folder, { recursive: true })
})

async function use(options: ConnectProxyOptions, login = ''): Promise<void> {
  await proxy?.stop()
  proxy = await startConnectProxy({ port: front.port, ...options })
  vi.stubEnv('HTTPS_PROXY', `http://${login}127.0.0.1:${proxy.port}`)
}

function send(how: Connection = connection, tries = 1): Promise<unknown> {
  const queues = createQueues(how)
  open.push(queues)
  return queues.send('testing_master', 'body', undefined, tries)
}

describe('queues of one owner', () => {
  it('are asked for once, where one is said to be the sibling of the others', async () => {
    const siblingOf = (queue: string) => (queue === 'testing_agent' ? undefined : 'testing_agent')
    const queues = createQueues({ ...connection, endpoint: sqs.endpoint, siblingOf })
    open.push(queues)
    for (const master of [1, 2, 3]) await queues.send(`testing_m-${master}_agent`, 'reply')
    expect(
      sqs.requests.map(({ operation, input }) => [operation, input.QueueName ?? input.QueueUrl]),
    ).toEqual([
      ['GetQueueUrl', 'testing_agent'],
      ...[1, 2, 3].map((master) => [
        'SendMessage',
        `http://sqs.elsewhere.example/000000000000/testing_m-${master}_agent`,
      ]),
    ])
  })
})

describe('requests to SQS', () => {
  it('go through the proxy, by TLS from here to SQS', async () => {
    await send()
    expect(proxy.targets).toEqual(['sqs.eu-west-1.amazonaws.com:443'])
    expect(sqs.requests.map(({ operation }) => operation)).toEqual(['GetQueueUrl', 'SendMessage'])
  })

  it('log in to the proxy as the user interface says, and name its setting where the proxy refuses', async () => {
    const login = (text: string) => ({
      ...connection,
      proxies: () => ({ login: { authorization: `Basic ${btoa(text)}`, source: 'http.proxyAuthorization' } }),
    })
    await use({ login: 'ada:right' })
    await send(login('ada:right'))
    expect(sqs.requests).toHaveLength(2)
    await expect(send(login('ada:wr0ng'))).rejects.toThrow(
      `The proxy http://127.0.0.1:${proxy.port} rejects the user name or the password in http.proxyAuthorization (407).`,
    )
  })

  it('share their tunnel', async () => {
    const queues = createQueues(connection)
    open.push(queues)
    for (let i = 0; i < 3; i += 1) await queues.send('testing_master', 'body')
    expect(proxy.targets).toHaveLength(1)
  })

  it('log in to the proxy', async () => {
    await use({ login: 'ada:p@ss' }, 'ada:p%40ss@')
    await send()
    expect(sqs.requests).toHaveLength(2)
  })

  it('go through a proxy that is itself reached by TLS', async () => {
    await use({ tls: certificate })
    vi.stubEnv('HTTPS_PROXY', `https://localhost:${proxy.port}`)
    await send()
    expect(proxy.targets).toEqual(['sqs.eu-west-1.amazonaws.com:443'])
  })

  it('go through the proxy of the editor, when the environment names none', async () => {
    vi.stubEnv('HTTPS_PROXY', undefined)
    const url = `http://127.0.0.1:${proxy.port}`
    await send({ ...connection, proxies: () => ({ proxy: { url, source: 'http.proxy' } }) })
    expect(proxy.targets).toHaveLength(1)
  })

  it('do without the proxy on this machine, even when an endpoint there speaks TLS', async () => {
    await send({ ...connection, endpoint: sqs.endpoint })
    await send({ ...connection, endpoint: `https://localhost:${front.port}` })
    expect(proxy.targets).toEqual([])
    expect(front.hosts).toEqual([`localhost:${front.port}`])
  })

  it('use the proxy also on this machine when NO_PROXY says so, with TLS and without', async () => {
    vi.stubEnv('NO_PROXY', '<-loopback>')
    await send({ ...connection, endpoint: `https://localhost:${front.port}` })
    const plain = await startConnectProxy({ port: Number(new URL(sqs.endpoint).port) })
    vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${plain.port}`)
    await send({ ...connection, endpoint: sqs.endpoint })
    expect(proxy.targets).toEqual([`localhost:${front.port}`])
    expect(plain.targets).toEqual([sqs.endpoint.replace('http://', '')])
    await plain.stop()
  })

  it('do without the proxy for what NO_PROXY covers', async () => {
    vi.stubEnv('NO_PROXY', '<-loopback>,localhost')
    await send({ ...connection, endpoint: `https://localhost:${front.port}` })
    expect(proxy.targets).toEqual([])
  })

  it('end at once when the client is closed while a proxy does not answer', async () => {
    await use({ answer: 'hang' })
    const queues = createQueues(connection)
    const sending = expect(queues.send('testing_master', 'body', undefined, 1)).rejects.toThrow()
    await expect.poll(() => proxy.targets.length).toBe(1)
    queues.close()
    await sending
  })
})

describe('a proxy in trouble', () => {
  const at = () => `http://127.0.0.1:${proxy.port}`

  it.each([
    [
      'asks for a login',
      { login: 'ada:right' },
      '',
      'ProxyLoginMissing',
      (url: string) =>
        `The proxy ${url} asks for a user name and a password (407). Put them into HTTPS_PROXY, as in http://USER:PASSWORD@HOST:PORT.`,
    ],
    [
      'rejects the login',
      { login: 'ada:right' },
      'ada:wr0ng@',
      'ProxyLoginRejected',
      (url: string) => `The proxy ${url} rejects the user name or the password in HTTPS_PROXY (407).`,
    ],
    [
      'does not allow the target',
      { answer: 'HTTP/1.1 403 Forbidden\r\n\r\n' },
      'ada:s3cret@',
      'ProxyRefused',
      (url: string) =>
        `The proxy ${url} does not allow connections to sts.eu-west-1.amazonaws.com:443 (it answered 403 Forbidden). Ask its administrator to allow them, or name the host in NO_PROXY.`,
    ],
    [
      'does not reach the target',
      { answer: 'HTTP/1.1 502 Bad Gateway\r\n\r\n' },
      '',
      'ProxyRefused',
      (url: string) =>
        `The proxy ${url} cannot connect to sts.eu-west-1.amazonaws.com:443 (it answered 502 Bad Gateway). Check host name and region.`,
    ],
    [
      'is not a proxy',
      { answer: 'SSH-2.0-OpenSSH_9.2\r\n' },
      '',
      'ProxyUnreachable',
      (url: string) =>
        `The proxy ${url} cannot be reached (its answer is not that of a proxy). Check it, and HTTPS_PROXY.`,
    ],
  ])('is named, with what to do, when it %s', async (_, options, login, code, sentence) => {
    await use(options, login)
    const error = await callerIdentity(connection).catch((cause) => cause as QueueError)
    const message = `Cannot reach STS in eu-west-1. ${sentence(at())}`
    expect(error).toMatchObject({ kind: 'network', code, message })
  })

  it('is named when nothing listens there', async () => {
    const { port } = proxy
    await proxy.stop()
    await expect(callerIdentity(connection)).rejects.toMatchObject({
      code: 'ProxyUnreachable',
      message: `Cannot reach STS in eu-west-1. The proxy http://127.0.0.1:${port} cannot be reached (connection refused). Check it, and HTTPS_PROXY.`,
    })
    proxy = await startConnectProxy({})
  })

  it('is named when its host name is not known', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://ada:s3cret@proxy.invalid:3128')
    await expect(callerIdentity(connection)).rejects.toThrow(
      'Cannot reach STS in eu-west-1. The proxy http://proxy.invalid:3128 cannot be reached (host name not found). Check it, and HTTPS_PROXY.',
    )
  })

  it('is said when the variable holds no URL', async () => {
    vi.stubEnv('HTTPS_PROXY', 'socks5://ada:s3cret@proxy:1080')
    const error = await callerIdentity(connection).catch((cause) => cause as QueueError)
    const message = expect.stringContaining('The proxy in HTTPS_PROXY cannot be used.')
    expect(error).toMatchObject({ kind: 'network', code: 'ProxyInvalid', message })
    expect(`${JSON.stringify(error)} ${inspect(error)}`).not.toContain('s3cret')
  })

  it('is done with as soon as it works, without a new client', async () => {
    await use({ answer: 'HTTP/1.1 503 Busy\r\n\r\n' })
    const queues = createQueues(connection)
    open.push(queues)
    await expect(queues.send('testing_master', 'body', undefined, 1)).rejects.toThrow('503 Busy')
    await use({})
    await queues.send('testing_master', 'body')
    expect(sqs.requests).toHaveLength(2)
  })
})

describe('a certificate', () => {
  it('that is not trusted is said, with where to name its authority', async () => {
    vi.stubEnv('AWS_CA_BUNDLE', undefined)
    await expect(callerIdentity(connection)).rejects.toMatchObject({
      kind: 'network',
      message: expect.stringMatching(
        /^Cannot reach STS in eu-west-1: its certificate is not trusted \(.+\)\. If a proxy or firewall inspects TLS here, name a file with its certificate in AWS_CA_BUNDLE\.$/,
      ),
    })
  })

  it('of another host is not accepted from behind a proxy', async () => {
    await expect(callerIdentity({ ...connection, region: 'eu-west-2' })).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    })
  })

  it('is trusted by the ca_bundle of the profile', async () => {
    vi.stubEnv('AWS_CA_BUNDLE', undefined)
    await writeFile(path.join(folder, 'config'), `[profile ops]\nca_bundle = ${authorityFile}\n`)
    await send({ ...connection, profile: 'ops' })
    expect(sqs.requests).toHaveLength(2)
  })

  it('of a file that cannot be read is named', async () => {
    vi.stubEnv('AWS_CA_BUNDLE', '/nowhere/ca.pem')
    await expect(callerIdentity(connection)).rejects.toThrow(
      /^Cannot reach STS in eu-west-1\. The certificates in \/nowhere\/ca\.pem \(AWS_CA_BUNDLE\) cannot be read: ENOENT/,
    )
  })
})

describe('credentials', () => {
  it('of a role are fetched from STS through the proxy', async () => {
    await writeRole()
    await send({ region: 'eu-west-1', profile: 'ops' })
    expect(proxy.targets).toContain('sts.eu-west-1.amazonaws.com:443')
    expect(sqs.requests.at(-1)?.accessKeyId).toBe('ASIATEMP')
  })

  it('of an SSO role are fetched through the proxy', async () => {
    await writeSso()
    await send({ region: 'eu-west-1', profile: 'sso' })
    expect(proxy.targets).toContain('portal.sso.eu-west-1.amazonaws.com:443')
    expect(sqs.requests.at(-1)?.accessKeyId).toBe('ASIATEMP')
  })

  it.each([
    ['ops', 'sts', writeRole],
    ['sso', 'portal.sso', writeSso],
  ])(
    'of profile %s name the proxy that keeps us from them, and do not count as missing',
    async (profile, service, write) => {
      await write()
      await use({ answer: 'HTTP/1.1 403 Forbidden\r\n\r\n' })
      await expect(send({ region: 'eu-west-1', profile })).rejects.toMatchObject({
        kind: 'network',
        message: `Cannot reach ${service}.eu-west-1.amazonaws.com, which gives the AWS credentials. The proxy http://127.0.0.1:${proxy.port} does not allow connections to ${service}.eu-west-1.amazonaws.com:443 (it answered 403 Forbidden). Ask its administrator to allow them, or name the host in NO_PROXY.`,
      })
    },
  )

  it('are identified through the proxy', async () => {
    expect(await callerIdentity(connection)).toMatchObject({ account: '123456789012', userId: 'AROAX:ada' })
    expect(proxy.targets).toEqual(['sts.eu-west-1.amazonaws.com:443'])
  })

  it('of an instance are never asked for through a proxy', async () => {
    const metadata = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
    await new Promise((resolve) => metadata.once('listening', resolve))
    const { port } = metadata.address() as { port: number }
    const asked = new Promise((resolve) => metadata.once('connection', resolve))
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE'])
      vi.stubEnv(name, undefined)
    vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${proxy.port}`)
    vi.stubEnv('NO_PROXY', '<-loopback>')
    vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', `http://127.0.0.1:${port}`)
    await expect(send({ region: 'eu-west-1' })).rejects.toThrow()
    await asked
    expect(proxy.targets).toEqual([])
    metadata.close()
  })
})

function writeRole(): Promise<void> {
  return writeFile(
    path.join(folder, 'config'),
    `[profile ops]\nrole_arn = arn:aws:iam::123456789012:role/ops\nsource_profile = keys\n[profile keys]\naws_access_key_id = AKIAKEYS\naws_secret_access_key = secret\n`,
  )
}

async function writeSso(): Promise<void> {
  const startUrl = 'https://example.awsapps.com/start'
  await writeFile(
    path.join(folder, 'config'),
    `[profile sso]\nsso_start_url = ${startUrl}\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = ops\n`,
  )
  const { createHash } = await import('node:crypto')
  const cache = path.join(folder, '.aws', 'sso', 'cache')
  vi.stubEnv('HOME', folder)
  await mkdir(cache, { recursive: true })
  await writeFile(
    path.join(cache, `${createHash('sha1').update(startUrl).digest('hex')}.json`),
    JSON.stringify({ accessToken: 'token', expiresAt: new Date(Date.now() + 3600_000).toISOString() }),
  )
}
