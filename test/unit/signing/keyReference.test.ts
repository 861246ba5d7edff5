import { describe, expect, it } from 'vitest'
import { printKeyReference, readKeyReference } from '../../../src/signing/keyReference.ts'

describe('A signing key in the settings', () => {
  it.each([
    ['alice=~/.ssh/id_ed25519', { kind: 'file', path: '~/.ssh/id_ed25519' }],
    ['alice=C:\\keys\\a=b.pem', { kind: 'file', path: 'C:\\keys\\a=b.pem' }],
    ['alice=./ssh-agent:x', { kind: 'file', path: './ssh-agent:x' }],
    ['alice=ssh-agent:SHA256:abc', { kind: 'ssh-agent', wanted: 'SHA256:abc' }],
    ['alice=ssh-agent:alice@desk', { kind: 'ssh-agent', wanted: 'alice@desk' }],
    ['alice=editor:SHA256:abc', { kind: 'editor', fingerprint: 'SHA256:abc' }],
  ] as const)('is read from %s, and written as that', (text, place) => {
    const reference = { name: 'alice', place }
    expect(readKeyReference(text)).toEqual(reference)
    expect(printKeyReference(reference)).toBe(text)
  })

  it.each(['', 'alice', 'alice=', '=file', 'al ice=file', `${'a'.repeat(129)}=file`])(
    'is refused in words where it is %j',
    (text) => expect(() => readKeyReference(text)).toThrow('is not NAME=FILE or NAME=ssh-agent:KEY'),
  )
})
