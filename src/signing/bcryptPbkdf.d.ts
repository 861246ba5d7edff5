declare module 'bcrypt-pbkdf' {
  /** Derives `key.length` bytes into `key`. Returns other than 0 for lengths that it cannot work with. */
  export function pbkdf(
    pass: Uint8Array,
    passLength: number,
    salt: Uint8Array,
    saltLength: number,
    key: Uint8Array,
    keyLength: number,
    rounds: number,
  ): number
}
