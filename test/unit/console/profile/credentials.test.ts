import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { SQSClient } from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Memento } from 'vscode'
import { Credentials } from '../../../../src/console/profile/credentials.ts'
import { Profiles } from '../../../../src/console/profile/profiles.ts'
import { WorkspaceConsent } from '../../../../src/console/profile/workspaceConsent.ts'
import { declared } from '../../../support/declared.ts'
import { settings } from '../../../support/vscodeStandIn.mjs'

const memento = { get: () => undefined, update: async () => {}, keys: () => [] } as unknown as Memento

let folder: string
let sts: Server
/** The regions for which requests to STS were signed. */
let asked: string[]
let profiles: Profiles

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'credentials-'))
  asked = []
  sts = createServer((request, response) => {
    asked.push(/\/\d{8}\/([\w-]+)\/sts\//.exec(request.headers.authorization ?? '')?.[1] ?? 'unsigned')
    response.writeHead(200, { 'content-type': 'text/xml' })
    response.end(assumed)
  })
  await new Promise<void>((resolve) => sts.listen(0, '127.0.0.1', resolve))
  for (const name of ['AWS_PROFILE', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_ACCESS_KEY_ID'])
    vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_CONFIG_FILE', path.join(folder, 'config'))
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', path.join(folder, 'credentials'))
  vi.stubEnv('AWS_ENDPOINT_URL_STS', `http://127.0.0.1:${(sts.address() as AddressInfo).port}`)
  await writeFile(
    path.join(folder, 'credentials'),
    '[base]\naws_access_key_id = a\naws_secret_access_key = b\n',
  )
  settings.user = {}
  profiles = new Profiles(memento)
})
afterEach(async () => {
  profiles.dispose()
  vi.unstubAllEnvs()
  settings.user = {}
  sts.closeAllConnections()
  await new Promise((resolve) => sts.close(resolve))
  await rm(folder, { recursive: true })
})

const assumed = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser><Arn>arn:aws-cn:sts::1:assumed-role/ops/a</Arn>
<AssumedRoleId>AROA:a</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>`

const role = 'role_arn = arn:aws-cn:iam::111111111111:role/ops\nsource_profile = base\n'

/** The environment's connection of the console, and the SDK's own client, each asked for the credentials. */
async function bothAsk(environment: ReturnType<typeof declared>): Promise<string[]> {
  const credentials = new Credentials(profiles, new WorkspaceConsent(memento))
  const { credentials: provider } = await credentials.connectionOf(environment, () => true)
  if (typeof provider !== 'function') throw new Error('static credentials')
  expect(await provider()).toMatchObject({ accessKeyId: 'ASIAROLE' })
  const { region, profile } = environment.environment
  const sdk = new SQSClient({ region, ...(profile === undefined ? {} : { profile }) })
  expect(await sdk.config.credentials()).toMatchObject({ accessKeyId: 'ASIAROLE' })
  sdk.destroy()
  return asked.splice(0)
}

describe('The credentials of an environment', () => {
  it.each([
    ['of the environment, where the profile has none', '', 'cn-north-1'],
    ['of the profile', 'region = cn-northwest-1\n', 'cn-northwest-1'],
  ])('of a role are asked for in the region %s, as the SDK does', async (_, line, region) => {
    await writeFile(path.join(folder, 'config'), `[profile ops]\n${role}${line}`)
    const environment = declared('testing', { region: 'cn-north-1', profile: 'ops' })
    expect(await bothAsk(environment)).toEqual([region, region])
  })

  it('are asked for in the region of each environment that uses the profile, and once in each', async () => {
    await writeFile(path.join(folder, 'config'), `[profile ops]\n${role}`)
    const credentials = new Credentials(profiles, new WorkspaceConsent(memento))
    for (const region of ['cn-north-1', 'us-gov-west-1', 'cn-north-1']) {
      const environment = declared('testing', { region, profile: 'ops' })
      const { credentials: provider } = await credentials.connectionOf(environment, () => true)
      if (typeof provider === 'function') await provider()
    }
    expect(asked).toEqual(['cn-north-1', 'us-gov-west-1'])
  })
})

describe('The regions of profiles', () => {
  it('are those of the AWS files: of the chosen profile for environments that name none', async () => {
    await writeFile(
      path.join(folder, 'config'),
      '[default]\nregion = eu-west-1\n[profile ops]\nregion = eu-central-1\n[profile none]\noutput = json\n',
    )
    const before = await profiles.regions()
    expect(['ops', 'none', 'unknown', undefined].map(before)).toEqual([
      ...['eu-central-1', undefined, undefined, 'eu-west-1'],
    ])
    settings.user = { 'ec2-collective.profile': 'ops' }
    expect((await profiles.regions())(undefined)).toBe('eu-central-1')
    settings.user = {}
    vi.stubEnv('AWS_PROFILE', 'ops')
    expect((await profiles.regions())(undefined)).toBe('eu-central-1')
  })

  it('are read again when the files have changed, and none where there are no files', async () => {
    expect((await profiles.regions())(undefined)).toBeUndefined()
    await writeFile(path.join(folder, 'config'), '[default]\nregion = eu-west-1\n')
    expect((await profiles.regions())(undefined)).toBe('eu-west-1')
    await writeFile(path.join(folder, 'config'), '[default]\nregion = eu-west-3\n')
    expect((await profiles.regions())(undefined)).toBe('eu-west-3')
  })
})
