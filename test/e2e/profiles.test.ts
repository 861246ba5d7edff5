import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openWorkbench, type Workbench } from '../support/editor.ts'
import { fleetPatience } from '../support/fleetWorkbench.ts'
import { type ScriptedEndpoint, startScriptedEndpoint, success } from '../support/scriptedEndpoint.ts'

let endpoint: ScriptedEndpoint
let folder: string
let workbench: Workbench

const keys = (accessKeyId: string) => `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = secret\n`

beforeAll(async () => {
  // Who signed is in the request: no emulator checks it, so this one only takes it down.
  endpoint = await startScriptedEndpoint((request) =>
    request.operation === 'GetQueueAttributes'
      ? {
          body: {
            Attributes: { ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '0' },
          },
        }
      : success(request),
  )
  folder = await mkdtemp(path.join(tmpdir(), 'profiles-'))
  await writeFile(
    path.join(folder, 'config'),
    '[profile broken]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = nobody\n',
  )
  await writeFile(path.join(folder, 'credentials'), `[anna]\n${keys('AKIAANNA')}[bert]\n${keys('AKIABERT')}`)
  workbench = await openWorkbench({
    env: {
      AWS_CONFIG_FILE: path.join(folder, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: path.join(folder, 'credentials'),
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    settings: {
      'ec2Collective.environments': { testing: { region: 'eu-west-1', endpoint: endpoint.endpoint } },
      'ec2Collective.profile': 'anna',
    },
  })
  await workbench.openContainer('EC2 Collective')
})
beforeEach((context) => workbench.record(context))
afterAll(async () => {
  await workbench?.close()
  await endpoint?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** The key by which the last request was signed. */
const lastSigner = () => endpoint.requests.at(-1)?.accessKeyId

describe('The AWS profile', () => {
  it('that is chosen signs', async () => {
    await workbench.view('Environments').row('No agent seen yet')
    await expect.poll(lastSigner, fleetPatience).toBe('AKIAANNA')
  })

  it('can be switched: the other one signs from then on, without a reload', async () => {
    await workbench.runCommand('EC2 Collective: Choose AWS Profile…')
    await workbench.quickInput.titled('Choose AWS Profile')
    const offered = await workbench.quickInput.items()
    expect(offered.map(({ label }) => label)).toEqual(['Default', 'broken', 'anna', 'bert'])
    expect(offered[1]?.detail).toContain('Its source profile “nobody” does not exist.')
    await workbench.quickInput.pick('bert')
    await expect.poll(lastSigner, fleetPatience).toBe('AKIABERT')
    const switchedAt = endpoint.requests.length
    await expect.poll(() => endpoint.requests.length, fleetPatience).toBeGreaterThan(switchedAt + 1)
    expect(new Set(endpoint.requests.slice(switchedAt).map(({ accessKeyId }) => accessKeyId))).toEqual(
      new Set(['AKIABERT']),
    )
  })

  it('is read again when its file changes', async () => {
    await writeFile(path.join(folder, 'credentials'), `[bert]\n${keys('AKIARENEWED')}`)
    await expect.poll(lastSigner, fleetPatience).toBe('AKIARENEWED')
  })

  it('that cannot work is said in words, with what to do', async () => {
    await workbench.runCommand('EC2 Collective: Choose AWS Profile…')
    await workbench.quickInput.pick('broken')
    const view = workbench.view('Environments')
    await expect.poll(() => view.text(), fleetPatience).toMatch(/profile broken/)
    await workbench.runCommand('EC2 Collective: Refresh Environments')
    await workbench.notifications.press('profile broken', 'Choose Profile…')
    await workbench.quickInput.pick('bert')
    await expect.poll(lastSigner, fleetPatience).toBe('AKIARENEWED')
  })
})
