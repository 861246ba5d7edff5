import { createPublicKey, type KeyObject } from 'node:crypto'

/** The public half of an ed25519 key as `ssh-keygen` writes it, without its comment. */
export function sshPublicKey(privateKey: KeyObject): string {
  // The last 32 bytes of its DER are the key itself (RFC 8410).
  const raw = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32)
  const fields = [Buffer.from('ssh-ed25519'), raw].flatMap((field) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(field.length)
    return [length, field]
  })
  return `ssh-ed25519 ${Buffer.concat(fields).toString('base64')}`
}
