import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { sshString } from './sshWire.ts'

/** An ed25519 public key as OpenSSH and policies write it: `ssh-ed25519 AAAA…`. */
export function printPublicKey(publicKey: KeyObject): string {
  return `ssh-ed25519 ${sshBlobOf(publicKey).toString('base64')}`
}

/** An ed25519 public key as SSH sends it. */
export function sshBlobOf(publicKey: KeyObject): Buffer {
  // The last 32 bytes of its DER are the key itself (RFC 8410).
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  return Buffer.concat([sshString('ssh-ed25519'), sshString(raw)])
}

/** Of a public key as SSH sends it: what `ssh-keygen -l` prints, `SHA256:` and 43 characters. */
export function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replaceAll('=', '')}`
}

/** DER of an ed25519 public key up to the key's own 32 bytes (RFC 8410). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/** @param raw the key's own 32 bytes. @throws Error where it has another length */
export function publicKeyOf(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([spkiPrefix, raw]), format: 'der', type: 'spki' })
}
