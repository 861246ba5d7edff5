import { beforeEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { EnvironmentList } from '../../../../src/console/declarations/environmentList.ts'
import type { WorkspaceFiles } from '../../../../src/console/declarations/workspaceFiles.ts'
import { declared, noProfiles } from '../../../support/declared.ts'
import { everyInterleaving } from '../../../support/interleavings.ts'

type Read = () => Promise<{ folder: string; uri: vscode.Uri; text: string }[]>

function listOf(read: Read, profiles: ConstructorParameters<typeof EnvironmentList>[1] = noProfiles) {
  const changed = new vscode.EventEmitter<void>()
  const files = { onDidChange: changed.event, read } as unknown as WorkspaceFiles
  return { list: new EnvironmentList(files, profiles, async () => {}), changed }
}

const names = async (list: EnvironmentList) => (await list.all()).map(({ environment }) => environment.name)

describe('The list of environments', () => {
  it('is read again by the next who needs it when it could not be read', async () => {
    let isBroken = true
    const { list } = listOf(async () => {
      if (isBroken) throw new Error('no such folder')
      return []
    })
    list.setLocal([declared('testing').environment])
    await expect(Promise.all([list.all(), list.all()])).rejects.toThrow('no such folder')
    isBroken = false
    expect(await names(list)).toEqual(['testing'])
  })

  describe('without a region', () => {
    const profilesChanged = new vscode.EventEmitter<void>()
    let region: string
    let readings: number
    const profiles = {
      onDidChange: profilesChanged.event,
      regions: async () => {
        readings += 1
        const found = region
        return (profile: string | undefined) => (profile === 'prod' ? found : undefined)
      },
    }
    const fileOf = (text: string) => async () => [
      { folder: 'web', uri: vscode.Uri.file('/web/x.yaml'), text },
    ]

    beforeEach(() => {
      region = 'eu-west-1'
      readings = 0
    })

    it('is in that of the profile as it is at the moment', async () => {
      const { list } = listOf(fileOf('environments: { testing: { profile: prod } }'), profiles)
      const regions = async () => (await list.all()).map(({ environment }) => environment.region)
      expect(await regions()).toEqual(['eu-west-1'])
      region = 'us-east-1'
      let changes = 0
      list.onDidChange(() => {
        changes += 1
      })
      profilesChanged.fire()
      expect([await regions(), changes]).toEqual([['us-east-1'], 1])
      list.dispose()
    })

    it('is the only reason to read the AWS files, and to read declarations again when they change', async () => {
      const { list } = listOf(
        fileOf('environments: { testing: { region: eu-west-1, profile: prod } }'),
        profiles,
      )
      let changes = 0
      list.onDidChange(() => {
        changes += 1
      })
      expect(await names(list)).toEqual(['testing'])
      profilesChanged.fire()
      expect(await names(list)).toEqual(['testing'])
      expect([readings, changes]).toEqual([0, 0])
      list.dispose()
    })
  })

  it('says what is declared last, in whatever order that is read and changes', async () => {
    await everyInterleaving(async (stage) => {
      const { list, changed } = listOf(async () => {
        await stage.pause('the files')
        return []
      })
      list.setLocal([declared('before').environment])
      stage.act('read', () => list.all())
      stage.act('read again', () => list.all())
      stage.act('change', () => list.setLocal([declared('after').environment]))
      await stage.play()
      stage.act('read at last', async () => expect(await names(list)).toEqual(['after']))
      expect((await stage.play())['read at last']).toMatchObject({ status: 'fulfilled' })
      changed.dispose()
      list.dispose()
    })
  })
})
