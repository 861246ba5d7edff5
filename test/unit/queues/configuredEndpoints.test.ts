import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { configuredEndpoint, profileRegions } from '../../../src/queues/awsProfile.ts'
import { callerIdentity } from '../../../src/queues/callerIdentity.ts'
import { createQueues, type Queues } from '../../../src/queues/queues.ts'
import { startConnectProxy } from '../../support/connectProxy.ts'
import {
  refusal,
  type ScriptedEndpoint,
  startScriptedEndpoint,
  success,
} from '../../support/scriptedEndpoint.ts'
import { authorityFile, startTlsFront } from '../../support/tlsFront.ts'

const credentials = { accessKeyId: 'AKIAADA', secretAccessKey: 'secret' }
const region = 'eu-west-1'

let folder: string
let here: ScriptedEndpoint
let queues: Queues | undefined

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'endpoints-'))
  vi.stubEnv('AWS_CONFIG_FILE', path.join(folder, 'config'))
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', path.join(folder, 'credentials'))
  here = await startScriptedEndpoint(success)
})
afterEach(async () => {
  queues?.close()
  vi.unstubAllEnvs()
  await here.stop()
  await rm(folder, { recursive: true })
})

const writeConfig = (text: string) => writeFile(path.join(folder, 'config'), text)

describe('an endpoint that the surroundings name', () => {
  const file = `
[default]
endpoint_url = https://default.example
[profile plain]
endpoint_url = https://plain.example
[profile several]
services = mine
endpoint_url = https://fallback.example
[services mine]
sqs =
  endpoint_url = https://services.example
[profile deaf]
ignore_configured_endpoint_urls = true
endpoint_url = https://never.example
`
  it.each([
    [undefined, {}, 'https://default.example'],
    ['plain', {}, 'https://plain.example'],
    ['several', {}, 'https://services.example'],
    ['unknown', {}, undefined],
    ['deaf', { AWS_ENDPOINT_URL: 'https://variable.example' }, undefined],
    ['plain', { AWS_ENDPOINT_URL: 'https://variable.example' }, 'https://variable.example'],
    [
      'several',
      { AWS_ENDPOINT_URL: 'https://a.example', AWS_ENDPOINT_URL_SQS: 'https://sqs.example' },
      'https://sqs.example',
    ],
    ['plain', { AWS_ENDPOINT_URL: 'x', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }, undefined],
  ])('is, for profile %s and %j, %s', async (profile, env, endpoint) => {
    await writeConfig(file)
    expect(await configuredEndpoint('sqs', profile, env)).toBe(endpoint)
  })

  it('is used where the connection names the profile', async () => {
    await writeConfig(`[profile near]\nendpoint_url = ${here.endpoint}\n`)
    queues = createQueues({ region, credentials, profile: 'near' })
    await queues.send('testing_master', 'body')
    expect(here.requests).toHaveLength(2)
  })

  it('is not used where the connection has an endpoint', async () => {
    await writeConfig('[profile near]\nendpoint_url = https://plain.example\n')
    queues = createQueues({ region, credentials, profile: 'near', endpoint: here.endpoint })
    await queues.send('testing_master', 'body')
    expect(here.requests).toHaveLength(2)
  })

  it('is what an error names, rather than a region that was not asked', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL', here.endpoint)
    await here.stop()
    queues = createQueues({ region, credentials })
    await expect(queues.send('testing_master', 'body')).rejects.toThrow(
      `Cannot reach SQS at ${here.endpoint} (connection refused). Check network and endpoint.`,
    )
  })

  it('is what a refusal names', async () => {
    await here.stop()
    here = await startScriptedEndpoint(() => refusal('AccessDenied'))
    vi.stubEnv('AWS_ENDPOINT_URL_SQS', here.endpoint)
    queues = createQueues({ region, credentials })
    await expect(queues.send('testing_master', 'body')).rejects.toThrow(
      `sqs:GetQueueUrl on queue testing_master (${here.endpoint})`,
    )
  })

  it('is refused for STS, too, before anything is signed, when it may not be used', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_STS', 'http://169.254.169.254')
    await expect(callerIdentity({ region, credentials })).rejects.toThrow('http://169.254.169.254')
  })
})

describe('the region of a profile', () => {
  it('is that of the file, for the profile that is named, or else the usual one', async () => {
    await writeConfig('[default]\nregion = eu-west-1\n[profile dev]\ncli_pager=  \nregion = us-east-2\n')
    const regionOf = await profileRegions()
    expect([regionOf('dev'), regionOf(undefined), regionOf('unknown')]).toEqual([
      'us-east-2',
      'eu-west-1',
      undefined,
    ])
    vi.stubEnv('AWS_PROFILE', 'dev')
    expect(regionOf(undefined)).toBe('us-east-2')
  })

  it('is none when there is no file', async () => {
    expect((await profileRegions())('dev')).toBeUndefined()
  })
})

describe('the identity of credentials is asked for', () => {
  it.each([
    ['eu-west-1', {}, 'sts.eu-west-1.amazonaws.com'],
    ['cn-north-1', {}, 'sts.cn-north-1.amazonaws.com.cn'],
    ['us-gov-west-1', {}, 'sts.us-gov-west-1.amazonaws.com'],
    ['eusc-de-east-1', {}, 'sts.eusc-de-east-1.amazonaws.eu'],
    ['us-iso-east-1', {}, 'sts.us-iso-east-1.c2s.ic.gov'],
    ['us-isob-east-1', {}, 'sts.us-isob-east-1.sc2s.sgov.gov'],
    ['eu-isoe-west-1', {}, 'sts.eu-isoe-west-1.cloud.adc-e.uk'],
    ['us-isof-south-1', {}, 'sts.us-isof-south-1.csp.hci.ic.gov'],
    ['us-east-1', { AWS_USE_FIPS_ENDPOINT: 'true' }, 'sts-fips.us-east-1.amazonaws.com'],
    ['us-gov-west-1', { AWS_USE_FIPS_ENDPOINT: 'true' }, 'sts.us-gov-west-1.amazonaws.com'],
    ['eu-west-1', { AWS_USE_DUALSTACK_ENDPOINT: 'true' }, 'sts.eu-west-1.api.aws'],
    [
      'eu-west-1',
      { endpoint: 'https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com' },
      'sts.eu-west-1.amazonaws.com',
    ],
    ['eu-west-1', { endpoint: 'https://sqs.eu-west-1.api.aws' }, 'sts.eu-west-1.amazonaws.com'],
    ['eu-west-1', { endpoint: 'https://elasticmq.example' }, 'elasticmq.example'],
    ['eu-west-1', { AWS_ENDPOINT_URL: 'https://emulator.example' }, 'emulator.example'],
    [
      'eu-west-1',
      { AWS_ENDPOINT_URL_SQS: 'https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com' },
      'sts.eu-west-1.amazonaws.com',
    ],
    [
      'eu-west-1',
      { AWS_ENDPOINT_URL_STS: 'https://vpce-2.sts.eu-west-1.vpce.amazonaws.com' },
      'vpce-2.sts.eu-west-1.vpce.amazonaws.com',
    ],
  ])('in %s, with %j, at %s', async (place, { endpoint, ...variables }: Record<string, string>, host) => {
    const proxy = await startConnectProxy({ answer: 'HTTP/1.1 403 Forbidden\r\n\r\n' })
    const env = {
      HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
      https_proxy: undefined,
      NO_PROXY: '',
      no_proxy: undefined,
    }
    for (const [name, value] of Object.entries({ ...env, ...variables })) vi.stubEnv(name, value)
    const asked = callerIdentity({ region: place, credentials, ...(endpoint !== undefined && { endpoint }) })
    await expect(asked).rejects.toThrow(`connections to ${host}:443`)
    expect(proxy.targets).toEqual([`${host}:443`])
    await proxy.stop()
  })
})

describe('a role of a profile without a region', () => {
  it.each([undefined, 'us-east-1'])(
    'is assumed in the region of the environment, whatever AWS_REGION is: %s',
    async (usual) => {
      const front = await startTlsFront(here.endpoint)
      const proxy = await startConnectProxy({ port: front.port })
      vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${proxy.port}`)
      vi.stubEnv('NO_PROXY', '')
      vi.stubEnv('AWS_CA_BUNDLE', authorityFile)
      vi.stubEnv('AWS_REGION', usual)
      await writeConfig(
        '[profile ops]\nrole_arn = arn:aws:iam::123456789012:role/ops\nsource_profile = keys\n[profile keys]\naws_access_key_id = A\naws_secret_access_key = s\n',
      )
      queues = createQueues({ region, profile: 'ops' })
      await queues.send('testing_master', 'body')
      expect(new Set(proxy.targets)).toEqual(
        new Set(['sts.eu-west-1.amazonaws.com:443', 'sqs.eu-west-1.amazonaws.com:443']),
      )
      await Promise.all([proxy.stop(), front.stop()])
    },
  )
})
