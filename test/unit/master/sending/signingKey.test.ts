import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readSigningKey } from '../../../../src/master/sending/signingKey.ts'
import { openBody, sealBody } from '../../../../src/protocol/envelope.ts'
import { sshPublicKey } from '../../../support/sshPublicKey.ts'

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
    const key = await readSigningKey(`alice=${file}`)
    const from = { runId: 'run-that-is-signed', agentId: 'a', hostname: 'a', sentAt: 1 }
    const { signature } = openBody(
      sealBody({ type: 'ack', ...from, state: 'queued' }, undefined, key),
      'reply',
    )
    expect(signature?.key).toBe('alice')
    expect(signature?.verifies(createPublicKey(pem))).toBe(true)
  })

  it('is refused in words where it cannot be used, or where others can read it', async () => {
    await expect(readSigningKey(file)).rejects.toThrow('is not NAME=FILE')
    await expect(readSigningKey(`alice=${file}`)).rejects.toThrow(/alice\.pem cannot be read: ENOENT/)
    writeFileSync(file, 'secret', { mode: 0o600 })
    await expect(readSigningKey(`alice=${file}`)).rejects.toThrow(
      'neither an OpenSSH key nor an unencrypted one in PEM',
    )
    writeFileSync(file, pemOf(generateKeyPairSync('x25519')))
    await expect(readSigningKey(`alice=${file}`)).rejects.toThrow('of type x25519; it must be ed25519')
    writeFileSync(file, pemOf(generateKeyPairSync('ed25519')))
    chmodSync(file, 0o640)
    await expect(readSigningKey(`alice=${file}`)).rejects.toThrow(
      /^Other users can read the signing key .* Run chmod 600 on it\.$/,
    )
  })

  it('may be one that ssh-keygen made, with its passphrase where it has one', async () => {
    const fixture = (name: string) => new URL(`../../../fixtures/keys/${name}`, import.meta.url)
    const publicHalf = (name: string) =>
      readFileSync(fixture(`${name}.pub`), 'utf8')
        .split(' ')
        .slice(0, 2)
        .join(' ')
    for (const [name, passphrase] of [
      ['plain', undefined],
      ['aes256-ctr', 'correct horse'],
    ] as const) {
      copyFileSync(fixture(name), file)
      chmodSync(file, 0o600)
      const { privateKey } = await readSigningKey(`alice=${file}`, async () => passphrase)
      expect(sshPublicKey(privateKey)).toBe(publicHalf(name))
    }
    await expect(readSigningKey(`alice=${file}`)).rejects.toThrow('has a passphrase, which was not given')
    await expect(readSigningKey(`alice=${file}`, async () => 'wrong')).rejects.toThrow(
      'does not open the key',
    )
  })
})
