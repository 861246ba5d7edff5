import { describe, expect, it } from 'vitest'
import { findEnvironment, isOfWorkspace, labelOf } from '../../../src/declarations/declaredEnvironment.ts'
import { inEnglish } from '../../../src/text/translate.ts'
import { declared } from '../../support/declared.ts'

const testing = declared('testing')
const local = declared('testing', { origin: { kind: 'local-fleet' } })
const production = declared('production')

describe('what a workspace brings along', () => {
  it('is what stands in its settings and files, and only a trusted one may be followed', () => {
    const file = { kind: 'file', folder: 'web', file: 'file:///web/a.fleet.yaml', offset: 0 } as const
    const folder = { kind: 'settings', scope: 'folder', folder: 'web', uri: 'file:///web' } as const
    for (const origin of [file, folder, { kind: 'settings', scope: 'workspace' } as const]) {
      expect(isOfWorkspace(origin)).toBe(true)
    }
    expect(isOfWorkspace({ kind: 'settings', scope: 'user' })).toBe(false)
    expect(isOfWorkspace({ kind: 'local-fleet' })).toBe(false)
  })
})

describe('findEnvironment', () => {
  it('finds an environment by name or key', () => {
    const all = [testing, production]
    expect(findEnvironment(all, 'production', inEnglish)).toEqual({ kind: 'found', environment: production })
    expect(findEnvironment(all, 'settings:testing', inEnglish)).toMatchObject({ kind: 'found' })
    expect(findEnvironment(all, 'staging', inEnglish)).toEqual({ kind: 'none' })
  })

  it('never guesses which of two environments of one name is meant', () => {
    expect(findEnvironment([testing, local], 'testing', inEnglish)).toMatchObject({ kind: 'several' })
  })

  it('takes the label that tells them apart', () => {
    const all = [testing, local, production]
    expect(all.map((each) => labelOf(each, all, inEnglish))).toEqual([
      'testing (settings)',
      'testing (local fleet)',
      'production',
    ])
    expect(findEnvironment(all, 'testing (local fleet)', inEnglish)).toEqual({
      kind: 'found',
      environment: local,
    })
  })
})
