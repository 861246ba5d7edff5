import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** The digest of a file that only grows, at each of its lengths. */
export class RecordDigest {
  readonly #hash: Hash = createHash('sha256')
  #bytes = 0

  /** Of the first bytes of a file, or of all of it. @throws Error when it cannot be read */
  static async of(path: string, bytes = Number.POSITIVE_INFINITY): Promise<RecordDigest> {
    const digest = new RecordDigest()
    if (bytes === 0) return digest
    for await (const chunk of createReadStream(path, { end: bytes - 1 })) digest.add(chunk)
    return digest
  }

  add(data: string | Uint8Array): void {
    this.#hash.update(data)
    this.#bytes += Buffer.byteLength(data)
  }

  /** The bytes so far, and their SHA-256, hexadecimal. */
  part(): { readonly bytes: number; readonly sha256: string } {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') }
  }
}
