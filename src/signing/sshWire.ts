/** Reads what SSH writes: numbers of four bytes, and strings after their length (RFC 4251 §5). */
export class SshReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** @throws RangeError when the bytes end before */
  number(): number {
    const value = this.#bytes.readUInt32BE(this.#at)
    this.#at += 4
    return value
  }

  /** @throws RangeError when the bytes end before */
  bytes(): Buffer {
    const length = this.number()
    if (length > this.#bytes.length - this.#at)
      throw new RangeError('a string that is longer than its message')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  /** @throws RangeError when the bytes end before */
  text(): string {
    return this.bytes().toString('utf8')
  }

  /** What was not read yet. */
  rest(): Buffer {
    return this.#bytes.subarray(this.#at)
  }
}

/** A string after its length. */
export function sshString(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([sshNumber(bytes.length), bytes])
}

export function sshNumber(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
