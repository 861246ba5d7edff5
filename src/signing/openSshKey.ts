import { createDecipheriv, createPrivateKey, type KeyObject } from 'node:crypto'
import { pbkdf } from 'bcrypt-pbkdf'
import { LocalizableError, say } from '../text/localizable.ts'
import { SshReader } from './sshWire.ts'

/**
 * A private key as `ssh-keygen` writes it (OpenSSH, PROTOCOL.key).
 * `locked`: it can be read with its passphrase.
 */
export type OpenSshKey =
  | { readonly kind: 'key'; readonly privateKey: KeyObject }
  | { readonly kind: 'locked'; unlock(passphrase: string): KeyObject }

/** A file that is no key that we can sign with. */
export class UnusableKey extends LocalizableError {
  override readonly name = 'UnusableKey'
}

/** A passphrase that does not open the key. */
export class WrongPassphrase extends LocalizableError {
  override readonly name = 'WrongPassphrase'
}

export function isOpenSshKey(text: string): boolean {
  return text.includes('-----BEGIN OPENSSH PRIVATE KEY-----')
}

/** @throws UnusableKey */
export function parseOpenSshKey(text: string): OpenSshKey {
  try {
    const base64 = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END OPENSSH PRIVATE KEY-----/.exec(
      text,
    )?.[1]
    const file = Buffer.from(base64 ?? '', 'base64')
    if (file.subarray(0, magic.length).toString('latin1') !== magic) throw new RangeError('no OpenSSH key')
    const reader = new SshReader(file.subarray(magic.length))
    const [cipher, kdf, options] = [reader.text(), reader.text(), reader.bytes()]
    if (reader.number() !== 1) throw new RangeError('several keys')
    const publicKey = new SshReader(reader.bytes())
    const type = publicKey.text()
    if (type !== 'ssh-ed25519')
      throw new UnusableKey(say('The key is of type {0}; it must be ed25519.', type))
    const section = reader.bytes()
    if (cipher === 'none') return { kind: 'key', privateKey: readSection(section) }
    const known = ciphers[cipher]
    if (known === undefined || kdf !== 'bcrypt')
      throw new UnusableKey(
        say(
          'The key is encrypted with {0}, which is not supported. Encrypt it again: ssh-keygen -p -Z aes256-ctr -f FILE.',
          cipher,
        ),
      )
    const tag = reader.rest()
    return { kind: 'locked', unlock: (passphrase) => decrypt({ section, tag, options, known }, passphrase) }
  } catch (cause) {
    if (cause instanceof LocalizableError) throw cause
    throw new UnusableKey(say('The file is damaged: it is not an OpenSSH key.'), { cause })
  }
}

const magic = 'openssh-key-v1\0'

interface Cipher {
  readonly name: string
  readonly keyBytes: number
  readonly ivBytes: number
}

/** Those of OpenSSH that Node has, too. */
const ciphers: Readonly<Record<string, Cipher>> = {
  'aes128-ctr': { name: 'aes-128-ctr', keyBytes: 16, ivBytes: 16 },
  'aes192-ctr': { name: 'aes-192-ctr', keyBytes: 24, ivBytes: 16 },
  'aes256-ctr': { name: 'aes-256-ctr', keyBytes: 32, ivBytes: 16 },
  'aes128-cbc': { name: 'aes-128-cbc', keyBytes: 16, ivBytes: 16 },
  'aes192-cbc': { name: 'aes-192-cbc', keyBytes: 24, ivBytes: 16 },
  'aes256-cbc': { name: 'aes-256-cbc', keyBytes: 32, ivBytes: 16 },
  'aes128-gcm@openssh.com': { name: 'aes-128-gcm', keyBytes: 16, ivBytes: 12 },
  'aes256-gcm@openssh.com': { name: 'aes-256-gcm', keyBytes: 32, ivBytes: 12 },
}

/** More would take minutes; `ssh-keygen` takes 16 unless it is told otherwise. */
const mostRounds = 2_000

interface Locked {
  readonly section: Buffer
  /** Follows the section where the cipher has one. */
  readonly tag: Buffer
  readonly options: Buffer
  readonly known: Cipher
}

/** @throws WrongPassphrase, UnusableKey */
function decrypt({ section, tag, options, known }: Locked, passphrase: string): KeyObject {
  const kdf = new SshReader(options)
  const salt = kdf.bytes()
  const rounds = kdf.number()
  if (rounds > mostRounds)
    throw new UnusableKey(
      say('The key takes {0} rounds to open; at most {1} are supported.', rounds, mostRounds),
    )
  const secret = Buffer.from(passphrase)
  const derived = Buffer.alloc(known.keyBytes + known.ivBytes)
  if (pbkdf(secret, secret.length, salt, salt.length, derived, derived.length, rounds) !== 0)
    throw new WrongPassphrase(say('The passphrase does not open the key.'))
  const [key, iv] = [derived.subarray(0, known.keyBytes), derived.subarray(known.keyBytes)]
  try {
    return readSection(open(known, key, iv, section, tag))
  } catch (cause) {
    throw new WrongPassphrase(say('The passphrase does not open the key.'), { cause })
  }
}

function open({ name }: Cipher, key: Buffer, iv: Buffer, section: Buffer, tag: Buffer): Buffer {
  if (name.endsWith('-gcm')) {
    const decipher = createDecipheriv(name as 'aes-256-gcm', key, iv)
    decipher.setAuthTag(tag.subarray(0, 16))
    return Buffer.concat([decipher.update(section), decipher.final()])
  }
  const decipher = createDecipheriv(name, key, iv).setAutoPadding(false)
  return Buffer.concat([decipher.update(section), decipher.final()])
}

/** DER of an ed25519 private key up to the key's own 32 bytes (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')

/** @throws Error when it is not one, as after a wrong passphrase */
function readSection(section: Buffer): KeyObject {
  const reader = new SshReader(section)
  // Twice the same random number: what was decrypted with another key has not.
  const [one, other] = [reader.number(), reader.number()]
  if (one !== other) throw new RangeError('check numbers differ')
  if (reader.text() !== 'ssh-ed25519') throw new RangeError('another type of key')
  const [publicKey, both] = [reader.bytes(), reader.bytes()]
  if (both.length !== 64 || !both.subarray(32).equals(publicKey)) throw new RangeError('halves differ')
  const der = Buffer.concat([pkcs8Prefix, both.subarray(0, 32)])
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}
