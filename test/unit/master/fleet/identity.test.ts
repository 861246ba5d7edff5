import { describe, expect, it } from 'vitest'
import { checkIdentity } from '../../../../src/master/fleet/identity.ts'

describe('checkIdentity', () => {
  it.each([
    ['i-0123456789abcdef0', 'AROAEXAMPLE:i-0123456789abcdef0', 'proven'],
    ['i-0123456789abcdef0', 'AROAEXAMPLE:i-0ffffffffffffffff', 'mismatch'],
    ['i-0123456789abcdef0', 'AIDAEXAMPLE', 'unproven'],
    ['i-0123456789abcdef0', 'AROAEXAMPLE:deployment', 'unproven'],
    ['i-0123456789abcdef0', undefined, 'unproven'],
    ['i-0123456789abcdef0', 'i-0ffffffffffffffff', 'unproven'],
    ['web01', 'AROAEXAMPLE:i-0123456789abcdef0', 'unproven'],
    ['i-01234567', 'AROAEXAMPLE:i-01234567', 'proven'],
  ])('of agent %s, sent by %s, is %s', (agentId, senderId, identity) => {
    expect(checkIdentity(agentId, senderId)).toBe(identity)
  })
})
