/** A service that gives credentials (STS, SSO) was not reached. */
export class CredentialsUnreachable extends Error {
  override readonly name = 'CredentialsUnreachable'
  readonly host: string

  constructor(host: string, cause: Error) {
    super(cause.message, { cause })
    this.host = host
  }
}
