import { type Localizable, LocalizableError, say } from '../text/localizable.ts'

/**
 * `Proxy…`: the proxy, and not what is behind it, kept a connection from being made. `TrustUnreadable`: the file of trusted
 * certificates did.
 */
export type ConnectionErrorCode =
  | 'ProxyInvalid'
  | 'ProxyUnreachable'
  | 'ProxyLoginMissing'
  | 'ProxyLoginRejected'
  | 'ProxyRefused'
  | 'TrustUnreadable'

/** A connection that was not made, for a reason on the way to its target. No message holds a proxy's password. */
export class ConnectionError extends LocalizableError {
  override readonly name = 'ConnectionError'
  readonly code: ConnectionErrorCode

  constructor(code: ConnectionErrorCode, sentence: Localizable, cause?: unknown) {
    super(sentence, { cause })
    this.code = code
  }
}

/** An error of the network by Node's name for it, in words; undefined for others. */
export function reasonOfNetwork(code: string): Localizable | undefined {
  switch (code) {
    case 'ECONNREFUSED':
      return say('connection refused')
    case 'ECONNABORTED':
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
      return say('connection lost')
    case 'EAI_AGAIN':
    case 'ENOTFOUND':
      return say('host name not found')
    case 'EHOSTUNREACH':
    case 'ENETDOWN':
    case 'ENETUNREACH':
      return say('network unreachable')
    case 'ETIMEDOUT':
    case 'RequestTimeout':
    case 'RequestTimeoutException':
    case 'TimeoutError':
      return say('no answer in time')
    default:
      return undefined
  }
}
