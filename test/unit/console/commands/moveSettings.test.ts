import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type * as vscode from 'vscode'
import { moveSettings, OldSettingsNotice } from '../../../../src/console/commands/moveSettings.ts'
import { readSetting } from '../../../../src/console/declarations/settings.ts'
import { settingNames } from '../../../../src/declarations/settings.ts'
import { answers, calls, settings } from '../../../support/vscodeStandIn.mjs'

beforeEach(() => {
  for (const scope of Object.keys(settings)) settings[scope] = {}
  calls.length = 0
})

describe('Move Settings', () => {
  it('moves each to its current name, within its scope', async () => {
    settings.user = {
      'editor.fontSize': 12,
      'ec2-collective.groupBy': 'az',
      'ec2-collective.defaultTimeout': 90,
    }
    settings.workspace = { 'ec2-collective.profile': 'ours', 'ec2Collective.history.maxRuns': 5 }
    await moveSettings()()
    expect(settings.user).toEqual({
      'editor.fontSize': 12,
      'ec2Collective.groupBy': 'az',
      'ec2Collective.defaultTimeout': '90s',
    })
    expect(settings.workspace).toEqual({
      'ec2Collective.profile': 'ours',
      'ec2Collective.history.maxRuns': 5,
    })
  })

  it('prefers the current name, and loses no protection', async () => {
    settings.user = {
      'ec2Collective.groupBy': 'az',
      'ec2-collective.groupBy': 'role',
      'ec2Collective.environments': { production: { region: 'eu-west-1' }, testing: { region: 'eu-west-1' } },
      'ec2-collective.environments': {
        production: { region: 'us-east-1', protected: true },
        old: { region: 'us-east-1' },
      },
    }
    await moveSettings()()
    expect(settings.user).toEqual({
      'ec2Collective.groupBy': 'az',
      'ec2Collective.environments': {
        production: { region: 'eu-west-1', protected: true },
        testing: { region: 'eu-west-1' },
        old: { region: 'us-east-1' },
      },
    })
  })

  it('moves all that the version before has written, and what is read stays the same', async () => {
    const written = JSON.parse(readFileSync('test/fixtures/partners/5fa5438/settings.json', 'utf8'))
    settings.user = written
    const before = settingNames.map((name) => readSetting(name))
    await moveSettings()()
    expect(settingNames.map((name) => readSetting(name))).toEqual(before)
    expect(Object.keys(settings.user ?? {}).sort()).toEqual(
      Object.keys(written)
        .map((name) => name.replace('ec2-collective.', 'ec2Collective.'))
        .sort(),
    )
  })

  it('says so when there is nothing to move', async () => {
    await moveSettings()()
    expect(calls.at(-1)).toEqual({
      name: 'window.showInformationMessage',
      args: ['All settings already have their new names.'],
    })
  })
})

describe('the notice of old settings', () => {
  const stored = new Map<string, unknown>()
  const memento = {
    get: (key: string, fallback?: unknown) => stored.get(key) ?? fallback,
    update: async (key: string, value: unknown) => void stored.set(key, value),
    keys: () => [...stored.keys()],
  } as vscode.Memento
  const told = () => calls.filter(({ name }) => name === 'window.showInformationMessage')

  beforeEach(() => stored.clear())
  afterEach(() => {
    delete answers['window.showInformationMessage']
  })

  it('is given once, names them, and offers to move them', async () => {
    settings.workspace = { 'ec2-collective.profile': 'ours' }
    answers['window.showInformationMessage'] = Promise.resolve('Move Settings')
    const notice = new OldSettingsNotice(memento)
    notice.tell()
    notice.tell()
    expect(told()).toHaveLength(1)
    expect(told()[0]?.args.join('\n')).toContain('ec2-collective.profile\nMove Settings\nNot Now')
    await setImmediate()
    expect(calls).toContainEqual({ name: 'commands.executeCommand', args: ['ec2-collective.moveSettings'] })
  })

  it('is not given where there are none, and comes when there are', () => {
    const notice = new OldSettingsNotice(memento)
    notice.tell()
    expect(told()).toEqual([])
    settings.user = { 'ec2-collective.groupBy': 'az' }
    notice.tell()
    expect(told()).toHaveLength(1)
  })

  it('is not given again in a workspace where it was declined', async () => {
    settings.user = { 'ec2-collective.groupBy': 'az' }
    answers['window.showInformationMessage'] = Promise.resolve('Not Now')
    new OldSettingsNotice(memento).tell()
    await setImmediate()
    new OldSettingsNotice(memento).tell()
    expect(told()).toHaveLength(1)
  })
})
