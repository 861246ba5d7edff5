import { describe, expect, it } from 'vitest'
import { instanceSender, isOwnInstance } from '../../../../src/master/identity/identity.ts'

describe('The sender of a message', () => {
  it('is an instance when it is a session of a role under the name of an instance', () => {
    expect(instanceSender('AROAEXAMPLE:i-0123456789abcdef0')).toEqual({
      roleId: 'AROAEXAMPLE',
      instanceId: 'i-0123456789abcdef0',
    })
    expect(instanceSender('AROAEXAMPLE:i-01234567')?.instanceId).toBe('i-01234567')
  })

  it.each([
    ['a user', 'AIDAEXAMPLE'],
    ['a session with another name', 'AROAEXAMPLE:deployment'],
    ['nobody', undefined],
    ['the bare name of an instance', 'i-0123456789abcdef0'],
    ['a federated user, who chose the name', '123456789012:i-0123456789abcdef0'],
    ['a session with a name around that of an instance', 'AROAEXAMPLE:x:i-0123456789abcdef0'],
    ['a server of Systems Manager', 'AROAEXAMPLE:mi-0123456789abcdef0'],
    ['a session with capital letters', 'AROAEXAMPLE:i-0123456789ABCDEF0'],
    ['a session with a line feed', 'AROAEXAMPLE:i-0123456789abcdef0\n'],
  ])('is no instance when it is %s', (_, senderId) => {
    expect(instanceSender(senderId)).toBeUndefined()
    expect(isOwnInstance('i-0123456789abcdef0', senderId)).toBe(false)
  })
})
