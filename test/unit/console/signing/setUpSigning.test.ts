import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { EditorKeys } from '../../../../src/console/signing/editorKeys.ts'
import { problemWithExpiry } from '../../../../src/console/signing/setUpSigning.ts'
import { fingerprintOf, sshBlobOf } from '../../../../src/signing/publicKey.ts'

describe('The expiry of a key', () => {
  const now = Date.UTC(2027, 0, 15, 12)

  it.each(['', '2027-01-16', '2028-02-29'])('may be %j', (text) => {
    expect(problemWithExpiry(text, now)).toBeUndefined()
  })

  it.each(['soon', '2027-13-01', '2027-02-29', '16.1.2027', '2027-1-16', '+002027-01-16'])(
    'is refused where it is no day: %j',
    (text) => expect(problemWithExpiry(text, now)).toContain('Use a date'),
  )

  it.each(['2027-01-15', '1999-12-31'])('is refused where it has passed: %j', (text) => {
    expect(problemWithExpiry(text, now)).toContain('has passed')
  })
})

describe('A key of the editor', () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const fingerprint = fingerprintOf(sshBlobOf(createPublicKey(privateKey)))

  it('is found by its fingerprint', async () => {
    const secrets = new Map<string, string>()
    const keys = new EditorKeys({
      get: async (name) => secrets.get(name),
      store: async (name, value) => void secrets.set(name, value),
    })
    expect(await keys.get(fingerprint)).toBeUndefined()
    await keys.keep(privateKey)
    expect(await keys.get(fingerprint)).toBe(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  })

  it('is not set up where the storage loses it', async () => {
    const keys = new EditorKeys({ get: async () => undefined, store: async () => {} })
    await expect(keys.keep(privateKey)).rejects.toThrow('did not keep the key')
  })
})
