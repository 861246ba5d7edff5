import { describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { EnvironmentList } from '../../../../src/console/declarations/environmentList.ts'
import type { WorkspaceFiles } from '../../../../src/console/declarations/workspaceFiles.ts'
import { declared } from '../../../support/declared.ts'
import { everyInterleaving } from '../../../support/interleavings.ts'

function listOf(read: () => Promise<never[]>, beforeReading = async () => {}) {
  const changed = new vscode.EventEmitter<void>()
  const files = { onDidChange: changed.event, read } as unknown as WorkspaceFiles
  return { list: new EnvironmentList(files, beforeReading), changed }
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
