import { createHash, type Hash } from 'node:crypto'

/** Length and SHA-256 of what was sent of one stream. */
export class SentStream {
  readonly #hash: Hash
  bytes: number

  constructor(hash = createHash('sha256'), bytes = 0) {
    this.#hash = hash
    this.bytes = bytes
  }

  add(bytes: Uint8Array): void {
    this.#hash.update(bytes)
    this.bytes += bytes.length
  }

  copy(): SentStream {
    return new SentStream(this.#hash.copy(), this.bytes)
  }

  sha256(): string {
    return this.#hash.copy().digest('hex')
  }
}
