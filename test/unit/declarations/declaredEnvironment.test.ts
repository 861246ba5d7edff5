import { describe, expect, it } from 'vitest'
import { findEnvironment, labelOf } from '../../../src/declarations/declaredEnvironment.ts'
import { inEnglish } from '../../../src/text/translate.ts'
import { declared } from '../../support/declared.ts'

const testing = declared('testing')
const local = declared('testing', { origin: { kind: 'local-fleet' } })
const production = declared('production')

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
