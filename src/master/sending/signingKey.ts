import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import type { SigningKey } from '../../protocol/envelope.ts'

/**
 * Reads the key that signs commands for agents whose policy asks for it.
 * @param declared `NAME=FILE`: the name under which policies know the key, and a file with an ed25519 private key in PEM
 *   (PKCS #8), which nobody but its owner may read; `~/` is the home directory
 * @throws Error in words: nothing is sent unsigned instead
 */
export async function readSigningKey(declared: string): Promise<SigningKey> {
  const [, name, place] = /^([^=\s]{1,128})=(.+)$/.exec(declared) ?? []
  if (name === undefined || place === undefined)
    throw new Error(`The signing key "${declared}" is not NAME=FILE, as in alice=~/.aws/ec2-collective.pem.`)
  const file = place.startsWith('~/') ? path.join(homedir(), place.slice(2)) : place
  const privateKey = parseKey(file, await readPrivately(file))
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new Error(`The signing key ${file} is of type ${privateKey.asymmetricKeyType}; it must be ed25519.`)
  return { name, privateKey }
}

async function readPrivately(file: string): Promise<string> {
  let mode: number
  let text: string
  try {
    mode = (await stat(file)).mode
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new Error(`The signing key ${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw new Error(`The signing key ${file} may be read by others: chmod 600.`)
  return text
}

function parseKey(file: string, text: string): KeyObject {
  try {
    return createPrivateKey(text)
  } catch (cause) {
    throw new Error(
      `The signing key ${file} is not an unencrypted private key in PEM, as "openssl genpkey -algorithm ed25519" makes it.`,
      { cause },
    )
  }
}
