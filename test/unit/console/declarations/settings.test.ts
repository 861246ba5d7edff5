import { beforeEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { EnvironmentList } from '../../../../src/console/declarations/environmentList.ts'
import {
  changeSetting,
  changesSetting,
  readSetting,
  writeSetting,
} from '../../../../src/console/declarations/settings.ts'
import { WorkspaceFiles } from '../../../../src/console/declarations/workspaceFiles.ts'
import { noProfiles } from '../../../support/declared.ts'
import { settings } from '../../../support/vscodeStandIn.mjs'

beforeEach(() => {
  for (const scope of Object.keys(settings)) settings[scope] = {}
})

const { Global, Workspace } = vscode.ConfigurationTarget

describe('a setting', () => {
  it('has its default where nobody has set it', () => {
    expect(readSetting('groupBy')).toBe('role')
    expect(readSetting('defaultTimeout')).toBe('60s')
    expect(readSetting('history.maxRuns')).toBe(1000)
  })

  it('is still read by its old name', () => {
    settings.user = { 'ec2-collective.groupBy': 'az', 'ec2-collective.history.maxDays': 7 }
    expect(readSetting('groupBy')).toBe('az')
    expect(readSetting('history.maxDays')).toBe(7)
  })

  it('has the value of the narrowest scope, and there of the current name', () => {
    settings.user = { 'ec2Collective.groupBy': 'user' }
    settings.workspace = { 'ec2-collective.groupBy': 'workspace, old' }
    expect(readSetting('groupBy')).toBe('workspace, old')
    settings.workspace = { ...settings.workspace, 'ec2Collective.groupBy': 'workspace' }
    expect(readSetting('groupBy')).toBe('workspace')
  })

  it('has the value of the next scope where it is none', () => {
    settings.workspace = { 'ec2Collective.history.maxRuns': 0, 'ec2Collective.groupBy': 5 }
    settings.user = { 'ec2Collective.history.maxRuns': 20 }
    expect(readSetting('history.maxRuns')).toBe(20)
    expect(readSetting('groupBy')).toBe('role')
  })

  it('cannot be made by a workspace, by neither name, where it is the machine’s', () => {
    settings.workspace = { 'ec2Collective.signingKey': 'a=b', 'ec2-collective.signingKey': 'a=b' }
    expect(readSetting('signingKey')).toBe('')
    settings.user = { 'ec2-collective.signingKey': 'me=key.pem' }
    expect(readSetting('signingKey')).toBe('me=key.pem')
  })

  it('loses its old name in the scope in which it is written', async () => {
    settings.user = { 'ec2-collective.profile': 'old' }
    settings.workspace = { 'ec2-collective.profile': 'other' }
    await writeSetting('profile', 'new', Global)
    expect(settings.user).toEqual({ 'ec2Collective.profile': 'new' })
    expect(settings.workspace).toEqual({ 'ec2-collective.profile': 'other' })
  })

  it('is changed where it counts', async () => {
    settings.user = { 'ec2Collective.profile': 'mine' }
    settings.workspace = { 'ec2-collective.profile': 'ours' }
    await changeSetting('profile', 'chosen')
    await changeSetting('groupBy', 'az')
    expect(settings.workspace).toEqual({ 'ec2Collective.profile': 'chosen' })
    expect(settings.user).toEqual({ 'ec2Collective.profile': 'mine', 'ec2Collective.groupBy': 'az' })
  })

  it('is known to change by either name', () => {
    const event = (changed: string) => ({ affectsConfiguration: (name: string) => name === changed })
    expect(changesSetting(event('ec2Collective.profile'), 'profile')).toBe(true)
    expect(changesSetting(event('ec2-collective.profile'), 'profile')).toBe(true)
    expect(changesSetting(event('ec2Collective.groupBy'), 'profile')).toBe(false)
  })
})

describe('the environments of the settings', () => {
  const read = async () => {
    const { environments, troubles } = await new EnvironmentList(
      new WorkspaceFiles(),
      noProfiles,
      async () => {},
    ).read()
    return { keys: environments.map(({ key }) => key), environments, troubles }
  }

  it('are read scope by scope, so that a workspace changes nothing of the user’s', async () => {
    settings.user = { 'ec2Collective.environments': { production: { region: 'eu-west-1', protected: true } } }
    settings.workspace = {
      'ec2Collective.environments': {
        production: { protected: false, endpoint: 'https://elsewhere.example' },
        staging: { region: 'eu-west-1' },
      },
    }
    const { keys, environments, troubles } = await read()
    expect(keys).toEqual(['settings:production', 'settings-workspace:staging'])
    expect(environments[0]?.environment).toMatchObject({ protected: true })
    expect(environments[0]?.environment).not.toHaveProperty('endpoint')
    expect(troubles).toMatchObject([{ name: 'production', origin: { kind: 'settings', scope: 'workspace' } }])
  })

  it('are protected when either name of the setting says so', async () => {
    settings.user = {
      'ec2Collective.environments': { production: { region: 'eu-west-1' } },
      'ec2-collective.environments': {
        production: { region: 'us-east-1', protected: true },
        testing: { region: 'us-east-1' },
      },
    }
    const { environments } = await read()
    expect(environments.map(({ environment }) => environment)).toMatchObject([
      { name: 'production', region: 'eu-west-1', protected: true },
      { name: 'testing', region: 'us-east-1', protected: false },
    ])
  })

  it('are read again after a reading that failed', async () => {
    let failures = 1
    const list = new EnvironmentList(new WorkspaceFiles(), noProfiles, async () => {
      if (failures-- > 0) throw new Error('the disk is away')
    })
    settings.user = { 'ec2Collective.environments': { a: { region: 'eu-west-1' } } }
    await expect(list.all()).rejects.toThrow('the disk is away')
    expect(await list.all()).toHaveLength(1)
    list.dispose()
  })

  it('are read again when they change by either name', async () => {
    const list = new EnvironmentList(new WorkspaceFiles(), noProfiles, async () => {})
    expect(await list.all()).toEqual([])
    await vscode.workspace
      .getConfiguration('ec2-collective')
      .update('environments', { a: { region: 'eu-west-1' } }, Workspace)
    expect((await list.all()).map(({ environment }) => environment.name)).toEqual(['a'])
    list.dispose()
  })
})
