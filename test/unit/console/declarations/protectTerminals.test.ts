import { beforeEach, describe, expect, it } from 'vitest'
import type * as vscode from 'vscode'
import { protectTerminals } from '../../../../src/console/declarations/protectTerminals.ts'

/** The variable as terminals get it: kept by the editor, also for later windows. */
let appended: string | undefined
let changes: number
const terminals = {
  get: () => (appended === undefined ? undefined : { value: appended }),
  append: (name: string, value: string) => {
    expect(name).toBe('EC2_COLLECTIVE_PROTECTED')
    appended = value
    changes += 1
  },
  delete: () => {
    appended = undefined
  },
} as unknown as vscode.EnvironmentVariableCollection

beforeEach(() => {
  appended = undefined
  changes = 0
})

describe('The terminals of a workspace', () => {
  it('have the names of protected environments, after those that the user has set', () => {
    protectTerminals(terminals, { protectedNames: ['production', 'live'] })
    expect(`staging${appended}`).toBe('staging,live,production')
  })

  it('are left alone while nothing changes', () => {
    protectTerminals(terminals, { protectedNames: ['production', 'live'] })
    protectTerminals(terminals, { protectedNames: ['live', 'production'] })
    expect(changes).toBe(1)
  })

  it('have no variable when nothing is protected any more', () => {
    protectTerminals(terminals, { protectedNames: ['production'] })
    protectTerminals(terminals, { protectedNames: [] })
    expect(appended).toBeUndefined()
  })

  it('get nothing that is not a name', () => {
    protectTerminals(terminals, { protectedNames: ['a,b', '$HOME', 'x\ny', ''] })
    expect(appended).toBeUndefined()
  })
})
