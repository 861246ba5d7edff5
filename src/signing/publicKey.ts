import { createPublicKey, type KeyObject } from 'node:crypto'
import { sshString } from './sshWire.ts'

/** The public half as OpenSSH and agents' policies write it: `ssh-ed25519 AAAA…`. */
export function printPublicKey(key: KeyObject): string {
  return `ssh-ed25519 ${sshBlobOf(key).toString('base64')}`
}

/** @param key private or public, ed25519 */
export function sshBlobOf(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  // The last 32 bytes of its DER are the key itself (RFC 8410).
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  return Buffer.concat([sshString('ssh-ed25519'), sshString(raw)])
}

/** DER of an ed25519 public key up to the key's own 32 bytes (RFC 8410). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')

export function publicKeyOf(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([spkiPrefix, raw]), format: 'der', type: 'spki' })
}
