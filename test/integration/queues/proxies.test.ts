import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Environment } from '../../../src/queues/environment.ts'
import { type AgentProcess, startAgent } from '../../support/agentProcess.ts'
import { type ConnectProxy, startConnectProxy } from '../../support/connectProxy.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { authorityFile, startTlsFront, type TlsFront } from '../../support/tlsFront.ts'

const program = fileURLToPath(new URL('../../../dist/ec2-cmaster.js', import.meta.url))

let folder: string
let sqs: SqsServer
let front: TlsFront
let proxy: ConnectProxy
let environment: Environment
let agent: AgentProcess

/** The proxy, its login, and the authority that signed for AWS here: the only way to SQS from this machine. */
const way = () => ({
  HTTPS_PROXY: `http://ada:p%40ss@127.0.0.1:${proxy.port}`,
  AWS_CA_BUNDLE: authorityFile,
})

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'proxies-'))
  sqs = await startSqs()
  front = await startTlsFront(sqs.endpoint)
  proxy = await startConnectProxy({ port: front.port, login: 'ada:p@ss' })
  const { endpoint: _, ...awsItself } = await sqs.environment('behind')
  environment = awsItself
  agent = await startAgent({
    environment,
    directory: path.join(folder, 'agent'),
    credentials: { accessKeyId: 'AGENT', secretAccessKey: 'secret' },
    variables: way(),
  })
})
afterAll(async () => {
  await agent?.stop()
  await Promise.all([proxy?.stop(), front?.stop(), sqs?.stop()])
  await rm(folder, { recursive: true, force: true })
})

/** @param home its state: another one makes it another master, with a reply queue of its own */
async function cmaster(variables: Record<string, string>, home: string, ...command: string[]) {
  const child = spawn(
    process.execPath,
    [program, '--env', 'behind', '--region', 'eu-west-1', '--everyone', '--', ...command],
    {
      env: {
        PATH: process.env.PATH,
        HOME: path.join(folder, home),
        AWS_ACCESS_KEY_ID: 'MASTER',
        AWS_SECRET_ACCESS_KEY: 'secret',
        ...variables,
      },
    },
  )
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { stdout, stderr, exitCode }
}

describe('where the only way to SQS is a proxy with a login, and an authority of its own', () => {
  it('ec2-cmaster sends a command, and an agent replies', async () => {
    const { stdout, exitCode } = await cmaster(way(), 'first', 'echo', 'through')
    expect(stdout).toMatch(/through\n/)
    expect(exitCode).toBe(0)
    // STS is asked who the owner of the new reply queue is, for its tag.
    const asked = ['sqs.eu-west-1.amazonaws.com', 'sts.eu-west-1.amazonaws.com']
    expect(new Set(front.hosts)).toEqual(new Set(asked))
    expect(new Set(proxy.targets)).toEqual(new Set(asked.map((host) => `${host}:443`)))
  })

  it('an agent asks SQS nothing about the reply queue of a new master', async () => {
    const inquiries = () =>
      front.operationsOf('AGENT').filter((operation) => operation.startsWith('GetQueue')).length
    const [before, sent] = [inquiries(), front.operationsOf('AGENT').length]
    const { stdout } = await cmaster(way(), 'second', 'seq', '2000')
    expect(stdout).toContain('\n2000\n')
    expect(front.operationsOf('AGENT').length).toBeGreaterThan(sent)
    expect(inquiries()).toBe(before)
  })

  it('ec2-cmaster names the proxy that asks for a login, and no password', async () => {
    const variables = { ...way(), HTTPS_PROXY: `http://ada:wr0ng@127.0.0.1:${proxy.port}` }
    const { stderr, exitCode } = await cmaster(variables, 'third', 'true')
    expect(stderr).toContain(
      `The proxy http://127.0.0.1:${proxy.port} rejects the user name or the password in HTTPS_PROXY (407).`,
    )
    expect(stderr).not.toContain('wr0ng')
    expect(exitCode).toBe(4)
  })
})
