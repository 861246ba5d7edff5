import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import type { SigningKey } from '../../protocol/envelope.ts'
import { isOpenSshKey, parseOpenSshKey } from '../../signing/openSshKey.ts'
import { LocalizableError, say, sentenceOf } from '../../text/localizable.ts'

/** Gives the passphrase of the key in this file; undefined where nobody gives one. */
export type AskPassphrase = (file: string) => Promise<string | undefined>

/**
 * Reads the key that signs commands for agents whose policy requires it.
 * @param declared `NAME=FILE`: the name under which policies know the key, and a file with an ed25519 private key in PEM
 *   (PKCS #8) or as OpenSSH writes it, which only its owner may read; `~/` is the home directory
 * @param askPassphrase called when the key has one
 * @throws LocalizableError: nothing is sent unsigned instead
 */
export async function readSigningKey(
  declared: string,
  askPassphrase: AskPassphrase = async () => undefined,
): Promise<SigningKey> {
  const [, name, place] = /^([^=\s]{1,128})=(.+)$/.exec(declared) ?? []
  if (name === undefined || place === undefined)
    throw new LocalizableError(
      say('The signing key "{0}" is not NAME=FILE, as in alice=~/.aws/ec2-collective.pem.', declared),
    )
  const file = place.startsWith('~/') ? path.join(homedir(), place.slice(2)) : place
  const privateKey = await parseKey(file, await readPrivately(file), askPassphrase)
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new LocalizableError(
      say(
        'The signing key {0} is of type {1}; it must be ed25519.',
        file,
        privateKey.asymmetricKeyType ?? '',
      ),
    )
  return { name, privateKey }
}

async function readPrivately(file: string): Promise<string> {
  let mode: number
  let text: string
  try {
    mode = (await stat(file)).mode
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new LocalizableError(say('The signing key {0} cannot be read: {1}', file, sentenceOf(cause)), {
      cause,
    })
  }
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw new LocalizableError(say('Other users can read the signing key {0}. Run chmod 600 on it.', file))
  return text
}

async function parseKey(file: string, text: string, askPassphrase: AskPassphrase): Promise<KeyObject> {
  if (isOpenSshKey(text)) return openSshKey(file, text, askPassphrase)
  try {
    return createPrivateKey(text)
  } catch (cause) {
    throw new LocalizableError(
      say(
        'The signing key {0} is not a private key: neither an OpenSSH key nor an unencrypted one in PEM format. Create one with "ssh-keygen -t ed25519".',
        file,
      ),
      { cause },
    )
  }
}

async function openSshKey(file: string, text: string, askPassphrase: AskPassphrase): Promise<KeyObject> {
  const key = parseOpenSshKey(text)
  if (key.kind === 'key') return key.privateKey
  const passphrase = await askPassphrase(file)
  if (passphrase !== undefined) return key.unlock(passphrase)
  throw new LocalizableError(say('The signing key {0} has a passphrase, which was not given.', file))
}
