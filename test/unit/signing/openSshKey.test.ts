import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseOpenSshKey, UnusableKey, WrongPassphrase } from '../../../src/signing/openSshKey.ts'
import { printPublicKey } from '../../../src/signing/publicKey.ts'

const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/keys/${name}`, import.meta.url), 'utf8')
const publicHalf = (name: string) => fixture(`${name}.pub`).split(' ').slice(0, 2).join(' ')

function unlocked(name: string, passphrase = 'correct horse') {
  const key = parseOpenSshKey(fixture(name))
  return key.kind === 'key' ? key.privateKey : key.unlock(passphrase)
}

describe('a key that ssh-keygen made', () => {
  it('is read as it is when it has no passphrase', () => {
    expect(parseOpenSshKey(fixture('plain')).kind).toBe('key')
    expect(printPublicKey(createPublicKey(unlocked('plain')))).toBe(publicHalf('plain'))
  })

  it('is read with its passphrase, whichever way it was encrypted', () => {
    expect(printPublicKey(createPublicKey(unlocked('aes256-ctr')))).toBe(publicHalf('aes256-ctr'))
    for (const name of ['aes256-cbc', 'aes256-gcm']) expect(unlocked(name).asymmetricKeyType).toBe('ed25519')
  })

  it.each(['aes256-ctr', 'aes256-cbc', 'aes256-gcm'])('stays closed to another passphrase: %s', (name) => {
    for (const wrong of ['', 'Correct horse', 'correct horse '])
      expect(() => unlocked(name, wrong)).toThrow(WrongPassphrase)
  })

  it('is refused in words when it is of another type, or encrypted in a way that Node does not have', () => {
    expect(() => parseOpenSshKey(fixture('ecdsa'))).toThrow('ecdsa-sha2-nistp256; it must be ed25519')
    expect(() => parseOpenSshKey(fixture('chacha20-poly1305'))).toThrow('ssh-keygen -p -Z aes256-ctr')
  })

  it('is refused in words when it is damaged anywhere', () => {
    const lines = fixture('plain').split('\n')
    const bytes = Buffer.from(lines.slice(1, -2).join(''), 'base64')
    const printed = (content: Buffer) => [lines[0], content.toString('base64'), lines.at(-2), ''].join('\n')
    expect(parseOpenSshKey(printed(bytes)).kind).toBe('key')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
        expect(() => parseOpenSshKey(printed(bytes.subarray(0, length)))).toThrow(UnusableKey)
      }),
    )
    expect(() => parseOpenSshKey('nothing of it')).toThrow(UnusableKey)
  })
})
