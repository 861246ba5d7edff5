import { describe, expect, it } from 'vitest'
import { giveHome } from '../../../src/queues/home.ts'

const unknown = () => {
  throw new Error('uv_os_homedir returned ENOENT')
}

describe('a process', () => {
  it('without a home directory is given one', () => {
    const variables: Record<string, string | undefined> = { HOME: '' }
    giveHome(variables, unknown)
    expect(variables).toEqual({ HOME: '/' })
  })

  it('that has one keeps it', () => {
    const variables: Record<string, string | undefined> = {}
    giveHome(variables, () => '/root')
    expect(variables).toEqual({})
  })
})
