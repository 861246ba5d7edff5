import { hostname, userInfo } from 'node:os'
import { describe, expect, it } from 'vitest'
import { ownIssuer } from '../../../../src/master/sending/issuer.ts'

describe('the issuer of a process', () => {
  it('is its user and its host', () => {
    expect(ownIssuer()).toEqual({ name: userInfo().username, host: hostname() })
  })

  it('is the number of a user without a name, as in a container', () => {
    const nameless = () => {
      throw new Error('uv_os_get_passwd returned ENOENT')
    }
    expect(ownIssuer(nameless).name).toBe(`uid ${process.getuid?.()}`)
  })
})
