import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as vscode from 'vscode'
import { Credentials } from '../../../../src/console/profile/credentials.ts'
import { Profiles } from '../../../../src/console/profile/profiles.ts'
import { ConsentMissing, WorkspaceConsent } from '../../../../src/console/profile/workspaceConsent.ts'
import { declared } from '../../../support/declared.ts'
import { deferred } from '../../../support/deferred.ts'
import { memento } from '../../../support/memento.ts'
import { settings } from '../../../support/vscodeStandIn.mjs'

const file = {
  kind: 'file',
  folder: 'api',
  file: 'file:///api/.vscode/ec2-collective.yaml',
  offset: 0,
} as const
const foreign = (endpoint = 'https://sqs.example.com/path', profile?: string) =>
  declared('production', { endpoint, origin: file, ...(profile !== undefined && { profile }) })
const byUser = () => true
const inBackground = () => false

let kept: Map<string, unknown>
let asked: { message: string; detail: string }[]
let answer: () => unknown
let credentials: Credentials
let profiles: Profiles

beforeEach(() => {
  kept = new Map()
  asked = []
  answer = () => 'Connect'
  Object.assign(vscode.workspace, { asRelativePath: ({ path }: vscode.Uri) => path.slice('/api/'.length) })
  Object.assign(vscode.window, {
    showWarningMessage: async (message: string, { detail }: { detail: string }) => {
      asked.push({ message, detail })
      return answer()
    },
  })
  open()
})
afterEach(() => {
  vi.unstubAllEnvs()
  Object.assign(settings, { user: {}, workspace: {} })
  Object.assign(vscode.workspace, { isTrusted: true })
  Reflect.deleteProperty(vscode.window, 'showWarningMessage')
  Reflect.deleteProperty(vscode.workspace, 'asRelativePath')
})

/** As a window that opens the workspace. */
function open() {
  profiles = new Profiles(memento(kept))
  credentials = new Credentials(profiles, new WorkspaceConsent(memento(kept)))
}

describe('A connection to an endpoint that a workspace chose', () => {
  it('is asked about, with host, environment, file and profile', async () => {
    await credentials.connectionOf(foreign(), byUser)
    expect(asked).toEqual([
      {
        message: 'Connect production to sqs.example.com?',
        detail: [
          'Endpoint: https://sqs.example.com/path (from .vscode/ec2-collective.yaml)',
          'AWS profile: default (yours)',
          '',
          'Commands with their variables go to this endpoint, in requests that the profile signs.',
          'You are asked once, and again if the workspace changes it.',
        ].join('\n'),
      },
    ])
  })

  it('is asked about where the queues are of another account, with its number', async () => {
    const account = '210987654321'
    const elsewhere = () => declared('production', { account, origin: file })
    await expect(credentials.connectionOf(elsewhere(), inBackground)).rejects.toThrow(
      `Not connected: this workspace sends the commands of production to queues of account ${account}. Connect…`,
    )
    await credentials.connectionOf(elsewhere(), byUser)
    expect(asked).toEqual([
      {
        message: `Connect production to queues of account ${account}?`,
        detail: [
          `Account of the queues: ${account} (from .vscode/ec2-collective.yaml)`,
          'AWS profile: default (yours)',
          '',
          'Commands with their variables go to queues of this account, which may keep and read them.',
          'You are asked once, and again if the workspace changes it.',
        ].join('\n'),
      },
    ])
  })

  it('is asked about once, also over windows', async () => {
    await credentials.connectionOf(foreign(), byUser)
    await credentials.connectionOf(foreign(), inBackground)
    open()
    await credentials.connectionOf(foreign(), inBackground)
    expect(asked).toHaveLength(1)
  })

  it.each([
    ['endpoint', () => foreign('https://other.example.com/path')],
    ['port', () => foreign('https://sqs.example.com:8443/path')],
    ['path', () => foreign('https://sqs.example.com/other')],
    ['profile', () => foreign('https://sqs.example.com/path', 'admin')],
    ['name', () => declared('staging', { endpoint: 'https://sqs.example.com/path', origin: file })],
  ])('is asked about again with another %s', async (_, changed) => {
    await credentials.connectionOf(foreign(), byUser)
    await credentials.connectionOf(changed(), byUser)
    expect(asked).toHaveLength(2)
  })

  it('is asked about again in another workspace', async () => {
    await credentials.connectionOf(foreign(), byUser)
    kept = new Map()
    open()
    await credentials.connectionOf(foreign(), byUser)
    expect(asked).toHaveLength(2)
  })

  it('is refused without a question while the user does nothing', async () => {
    await expect(credentials.connectionOf(foreign(), inBackground)).rejects.toThrow(
      new ConsentMissing(
        'Not connected: this workspace sends the commands of production to sqs.example.com. Connect…',
      ),
    )
    expect(asked).toEqual([])
  })

  it('is refused after a no, which is not an error to show, and asked about again', async () => {
    answer = () => undefined
    const refused = await credentials.connectionOf(foreign(), byUser).catch((error) => error)
    expect(refused).toBeInstanceOf(ConsentMissing)
    expect(refused.cause).toBeInstanceOf(vscode.CancellationError)
    await expect(credentials.connectionOf(foreign(), inBackground)).rejects.toThrow(ConsentMissing)
    answer = () => 'Connect'
    await credentials.connectionOf(foreign(), byUser)
    expect(asked).toHaveLength(2)
  })

  it('is asked about by one dialog when several need it', async () => {
    const { promise, resolve } = deferred<string>()
    answer = () => promise
    const all = [1, 2, 3].map(() => credentials.connectionOf(foreign(), byUser))
    resolve('Connect')
    await Promise.all(all)
    expect(asked).toHaveLength(1)
  })

  it('is not signed by a profile that the workspace chooses while the question is open', async () => {
    const { promise, resolve } = deferred<string>()
    answer = () => promise
    const connecting = credentials.connectionOf(foreign(), byUser)
    settings.workspace = { 'ec2Collective.profile': 'admin' }
    resolve('Connect')
    expect((await connecting).profile).toBeUndefined()
    await credentials.connectionOf(foreign(), byUser)
    expect(asked[1]?.detail).toContain('AWS profile: admin (from the workspace settings)')
  })

  it('is refused in a workspace that is not trusted, whatever was agreed to', async () => {
    await credentials.connectionOf(foreign(), byUser)
    Object.assign(vscode.workspace, { isTrusted: false })
    await expect(credentials.connectionOf(foreign(), byUser)).rejects.toThrow('is not trusted')
    await expect(credentials.connectionOf(declared('a', { origin: file }), byUser)).rejects.toThrow(
      'is not trusted',
    )
    expect(asked).toHaveLength(1)
  })

  it('shows what cannot be seen in the names of profile and folder', async () => {
    Object.assign(vscode.workspace, { asRelativePath: () => 'a\u202eb.fleet.yaml' })
    await credentials.connectionOf(foreign('https://sqs.example.com', 'x\u202ey'), byUser)
    expect(asked[0]?.detail).toContain('AWS profile: x<U+202E>y (from a<U+202E>b.fleet.yaml)')
  })
})

describe('A profile that a workspace chose', () => {
  it('is asked about once, for its rights and its program', async () => {
    const production = declared('production', { profile: 'admin', origin: file })
    await credentials.connectionOf(production, byUser)
    await credentials.connectionOf(production, inBackground)
    expect(asked).toEqual([
      {
        message: 'Connect production with the AWS profile admin?',
        detail: [
          'AWS profile: admin (from .vscode/ec2-collective.yaml)',
          '',
          'The profile’s rights are used, and its program is run if it has one (credential_process).',
          'You are asked once, and again if the workspace changes it.',
        ].join('\n'),
      },
    ])
  })

  it('by its settings is asked about for an environment of the user, too', async () => {
    settings.user = { 'ec2Collective.profile': 'ops' }
    await credentials.connectionOf(declared('production'), byUser)
    expect(asked).toEqual([])
    settings.workspace = { 'ec2Collective.profile': 'admin' }
    await expect(credentials.connectionOf(declared('production'), inBackground)).rejects.toThrow(
      'this workspace uses the AWS profile admin for production',
    )
    settings.workspace = { 'ec2Collective.profile': '' }
    await expect(credentials.connectionOf(declared('production'), inBackground)).rejects.toThrow(
      'this workspace uses the AWS profile default for production',
    )
  })

  it('is not asked about where the user has chosen it, by the command, the settings, or AWS_PROFILE', async () => {
    settings.workspace = { 'ec2Collective.profile': 'ops' }
    await profiles.choose('admin')
    await credentials.connectionOf(declared('production'), byUser)
    await credentials.connectionOf(declared('production', { profile: 'admin', origin: file }), byUser)
    Object.assign(settings, { user: { 'ec2Collective.profile': 'ops' }, workspace: {} })
    await credentials.connectionOf(declared('production', { profile: 'ops', origin: file }), byUser)
    Object.assign(settings, { user: {} })
    vi.stubEnv('AWS_PROFILE', 'ci')
    await credentials.connectionOf(declared('production', { profile: 'ci', origin: file }), byUser)
    expect(asked).toEqual([])
  })

  it('is not asked about where the user has put it into the workspace by a command', async () => {
    const consent = new WorkspaceConsent(memento(kept))
    await consent.agree('production', { profile: { name: 'admin', by: 'declaration' } })
    await credentials.connectionOf(declared('production', { profile: 'admin', origin: file }), inBackground)
    expect(asked).toEqual([])
    await credentials.connectionOf(declared('staging', { profile: 'admin', origin: file }), byUser)
    expect(asked).toHaveLength(1)
  })

  it('is asked about when a repository changes what the user had chosen by the command', async () => {
    settings.workspace = { 'ec2Collective.profile': 'ops' }
    await profiles.choose('admin')
    settings.workspace = { 'ec2Collective.profile': 'root' }
    await credentials.connectionOf(declared('production'), byUser)
    expect(asked).toHaveLength(1)
  })
})
