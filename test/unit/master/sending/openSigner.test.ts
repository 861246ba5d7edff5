import { createPrivateKey, createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSigner } from '../../../../src/master/sending/openSigner.ts'
import { fingerprintOf } from '../../../../src/signing/publicKey.ts'
import { keySigner } from '../../../../src/signing/signer.ts'

const bytes = Buffer.from('what is to be signed')
const unstopped = new AbortController().signal

let directory: string
let file: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'key-'))
  file = join(directory, 'alice.pem')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const pemOf = ({ privateKey }: Pick<ReturnType<typeof generateKeyPairSync>, 'privateKey'>) =>
  privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

describe('a signing key', () => {
  it('signs what agents can verify with its public half', async () => {
    const pem = pemOf(generateKeyPairSync('ed25519'))
    writeFileSync(file, pem, { mode: 0o600 })
    const signer = await openSigner(`alice=${file}`)
    expect(signer.name).toBe('alice')
    const signature = await signer.sign(bytes, unstopped)
    expect(verify(null, bytes, createPublicKey(pem), signature)).toBe(true)
  })

  it('is refused in words where it cannot be used, or where others can read it', async () => {
    await expect(openSigner(file)).rejects.toThrow('is not NAME=FILE')
    await expect(openSigner(`alice=${file}`)).rejects.toThrow(/alice\.pem cannot be read: ENOENT/)
    writeFileSync(file, 'secret', { mode: 0o600 })
    await expect(openSigner(`alice=${file}`)).rejects.toThrow(
      'neither an OpenSSH key nor an unencrypted one in PEM',
    )
    writeFileSync(file, pemOf(generateKeyPairSync('x25519')))
    await expect(openSigner(`alice=${file}`)).rejects.toThrow('of type x25519; it must be ed25519')
    writeFileSync(file, pemOf(generateKeyPairSync('ed25519')))
    chmodSync(file, 0o640)
    await expect(openSigner(`alice=${file}`)).rejects.toThrow(
      /^Other users can read the signing key .* Run chmod 600 on it\.$/,
    )
  })

  it('may be one that ssh-keygen made, with its passphrase where it has one', async () => {
    const fixture = (name: string) => new URL(`../../../fixtures/keys/${name}`, import.meta.url)
    const fingerprint = (name: string) =>
      fingerprintOf(Buffer.from(readFileSync(fixture(`${name}.pub`), 'utf8').split(' ')[1] ?? '', 'base64'))
    for (const [name, passphrase] of [
      ['plain', undefined],
      ['aes256-ctr', 'correct horse'],
    ] as const) {
      copyFileSync(fixture(name), file)
      chmodSync(file, 0o600)
      const signer = await openSigner(`alice=${file}`, { askPassphrase: async () => passphrase })
      expect(signer.fingerprint).toBe(fingerprint(name))
    }
    await expect(openSigner(`alice=${file}`)).rejects.toThrow('has a passphrase, which was not given')
    await expect(openSigner(`alice=${file}`, { askPassphrase: async () => 'wrong' })).rejects.toThrow(
      'does not open the key',
    )
  })

  it('of the editor is the one with the fingerprint, and no other', async () => {
    const pem = pemOf(generateKeyPairSync('ed25519'))
    const { fingerprint } = keySigner('alice', createPrivateKey(pem))
    const declared = `alice=editor:${fingerprint}`
    const signer = await openSigner(declared, { ofEditor: async () => pem })
    expect(signer).toMatchObject({ name: 'alice', fingerprint })
    const other = pemOf(generateKeyPairSync('ed25519'))
    for (const found of [undefined, other])
      await expect(openSigner(declared, { ofEditor: async () => found })).rejects.toThrow(
        'The editor has no signing key alice',
      )
    await expect(openSigner(declared)).rejects.toThrow('only the editor can use it')
  })
})
