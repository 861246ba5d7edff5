import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { readKeyReference } from '../../signing/keyReference.ts'
import { isOpenSshKey, parseOpenSshKey } from '../../signing/openSshKey.ts'
import { keySigner, type Signer, sshAgentSigner } from '../../signing/signer.ts'
import { LocalizableError, say, sentenceOf } from '../../text/localizable.ts'

/** A key that cannot sign. Nothing is sent unsigned instead. */
export class UnusableSigningKey extends LocalizableError {
  override readonly name = 'UnusableSigningKey'
}

/** What keys need that are not read from an open file. */
export interface KeyHelp {
  /** Gives the passphrase of the key in this file; undefined where nobody gives one. */
  readonly askPassphrase?: (file: string) => Promise<string | undefined>
  /** The private key, PEM, that the editor keeps under this fingerprint; undefined where it has none. */
  readonly ofEditor?: (fingerprint: string) => Promise<string | undefined>
}

/**
 * What signs commands, for agents whose policy requires it.
 * @param declared `NAME=FILE`: the name under which policies know the key, and a file with an ed25519 private key in PEM
 *   (PKCS #8) or as OpenSSH writes it, which only its owner may read; `~/` is the home directory. `NAME=ssh-agent:KEY`: a key
 *   of an SSH agent by fingerprint, public key or comment. `NAME=editor:FINGERPRINT`: one that the editor keeps
 * @throws UnusableSigningKey
 */
export async function openSigner(declared: string, help: KeyHelp = {}): Promise<Signer> {
  try {
    return await openDeclared(declared, help)
  } catch (cause) {
    throw new UnusableSigningKey(sentenceOf(cause), { cause })
  }
}

async function openDeclared(declared: string, help: KeyHelp): Promise<Signer> {
  const { name, place } = readKeyReference(declared)
  switch (place.kind) {
    case 'ssh-agent':
      return sshAgentSigner(name, place.wanted)
    case 'editor':
      return editorSigner(name, place.fingerprint, help)
    case 'file':
      return keySigner(name, await readPrivateKey(place.path, help.askPassphrase))
  }
}

async function editorSigner(name: string, fingerprint: string, { ofEditor }: KeyHelp): Promise<Signer> {
  if (ofEditor === undefined)
    throw new LocalizableError(
      say('The signing key {0} is kept by the editor, and only the editor can use it.', name),
    )
  const pem = await ofEditor(fingerprint)
  const signer = pem === undefined ? undefined : keySigner(name, createPrivateKey(pem))
  if (signer?.fingerprint === fingerprint) return signer
  throw new LocalizableError(
    say(
      'The editor has no signing key {0} ({1}) on this computer. Run “Set Up Signing…” to create one.',
      name,
      fingerprint,
    ),
  )
}

/**
 * Reads an ed25519 private key.
 * @param place a path, as {@link openSigner} describes it
 * @throws LocalizableError that says why it cannot be used
 */
export async function readPrivateKey(
  place: string,
  askPassphrase: KeyHelp['askPassphrase'] = async () => undefined,
): Promise<KeyObject> {
  const file = place.startsWith('~/') ? path.join(homedir(), place.slice(2)) : place
  const privateKey = await parseKey(file, await readPrivately(file), askPassphrase)
  if (privateKey.asymmetricKeyType === 'ed25519') return privateKey
  throw new LocalizableError(
    say('The signing key {0} is of type {1}; it must be ed25519.', file, privateKey.asymmetricKeyType ?? ''),
  )
}

type AskPassphrase = NonNullable<KeyHelp['askPassphrase']>

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
