import type { ConnectionErrorCode } from '../network/connectionError.ts'

/**
 * Why a request to SQS failed; decides the back-off and the advice.
 * `throttled` and `network` (including 5xx responses) pass by themselves; the others need action.
 */
export type QueueErrorKind =
  | 'throttled'
  | 'network'
  | 'credentials'
  | 'missing-queue'
  | 'forbidden'
  | 'invalid'
  | 'unknown'

/** Whether there is nothing to do about errors of this kind but to try again. */
export function passesByItself(kind: QueueErrorKind): boolean {
  return kind === 'network' || kind === 'throttled'
}

/** The kind of an error of the SDK, and its text. */
export interface ClassifiedError {
  readonly kind: QueueErrorKind
  /** The name that SQS or Node gives it, as in `ThrottlingException` or `ECONNREFUSED`. */
  readonly code: string
  readonly text: string
}

/** @param cause whatever the SDK threw, or a failed batch entry's `{ Code, Message }` */
export function classifyError(cause: unknown): ClassifiedError {
  const text = textOf(cause)
  const told = codeOf(cause)
  const code = kindByCode.get(told) === 'credentials' && aboutClock.test(text) ? wrongTime : told
  return { kind: kindOf(code, cause), code, text }
}

/** From such a response the SDK's client learns SQS's time, so the next request by the same client is signed correctly. */
export function isClockCode(code: string): boolean {
  return code === wrongTime || /^Request(TimeTooSkewed|Expired|InTheFuture)$/.test(code)
}

/** Something on the way, which is not SQS, keeps the connection from being made: see `ConnectionError`. */
const wayCodes = [
  'ProxyInvalid',
  'ProxyLoginMissing',
  'ProxyLoginRejected',
  'ProxyRefused',
  'ProxyUnreachable',
  'TrustUnreadable',
] as const satisfies readonly ConnectionErrorCode[]

/** The other side's certificate is not trusted: OpenSSL's names. */
const certificateCodes = [
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]

/** Whether the other side's certificate is not trusted. */
export function isCertificateCode(code: string): boolean {
  return certificateCodes.includes(code)
}

/** Our name for a wrong clock: the JSON protocol says `InvalidSignatureException`, and says it for wrong keys, too. */
const wrongTime = 'SignatureExpired'
const aboutClock = /signature (expired|not yet current)/i

const kinds: Readonly<Record<Exclude<QueueErrorKind, 'unknown'>, readonly string[]>> = {
  throttled: [
    'BandwidthLimitExceeded',
    'KmsThrottled',
    'LimitExceededException',
    'OverLimit',
    'RequestLimitExceeded',
    'RequestThrottled',
    'RequestThrottledException',
    'SlowDown',
    'ThrottledException',
    'Throttling',
    'ThrottlingException',
    'TooManyRequestsException',
  ],
  network: [
    'EAI_AGAIN',
    'ECONNABORTED',
    'ECONNREFUSED',
    'ECONNRESET',
    'EHOSTUNREACH',
    'ENETDOWN',
    'ENETUNREACH',
    'ENOTFOUND',
    'EPIPE',
    'ETIMEDOUT',
    'InternalError',
    'InternalFailure',
    'InternalServerError',
    'RequestTimeout',
    'RequestTimeoutException',
    'ServiceUnavailable',
    'ServiceUnavailableException',
    // The SDK got a response that is not JSON: cut off, or from a proxy or login page in between.
    'SyntaxError',
    'TimeoutError',
    'UND_ERR_SOCKET',
    ...wayCodes,
    ...certificateCodes,
  ],
  credentials: [
    'AuthFailure',
    'CredentialsProviderError',
    'ExpiredToken',
    'ExpiredTokenException',
    'IncompleteSignature',
    'IncompleteSignatureException',
    'InvalidAccessKeyId',
    'InvalidClientTokenId',
    'InvalidSecurity',
    'InvalidSignatureException',
    'MissingAuthenticationToken',
    'MissingAuthenticationTokenException',
    'RequestExpired',
    'RequestInTheFuture',
    'RequestTimeTooSkewed',
    'SignatureDoesNotMatch',
    wrongTime,
    'TokenProviderError',
    'TokenRefreshRequired',
    'UnrecognizedClientException',
  ],
  'missing-queue': ['NonExistentQueue', 'QueueDoesNotExist', 'QueueDeletedRecently'],
  forbidden: [
    'AccessDenied',
    'AccessDeniedException',
    // About the queue's key, not about the message: what is to be sent is kept until the key is fixed.
    'KmsAccessDenied',
    'KmsDisabled',
    'KmsInvalidKeyUsage',
    'KmsInvalidState',
    'KmsNotFound',
    'KmsOptInRequired',
    'NotAuthorized',
    'OptInRequired',
    'SubscriptionRequiredException',
    'UnauthorizedOperation',
  ],
  invalid: [
    'BatchEntryIdsNotDistinct',
    'BatchRequestTooLong',
    'EmptyBatchRequest',
    'InvalidAddress',
    'InvalidAttributeName',
    'InvalidAttributeValue',
    'InvalidBatchEntryId',
    'InvalidIdFormat',
    'InvalidMessageContents',
    'InvalidParameterCombination',
    'InvalidParameterValue',
    'MessageNotInflight',
    'MissingParameter',
    'QueueNameExists',
    'ReceiptHandleIsInvalid',
    'TooManyEntriesInBatchRequest',
    'UnsupportedOperation',
    'ValidationError',
    'ValidationException',
  ],
}

const kindByCode = new Map<string, QueueErrorKind>(
  Object.entries(kinds).flatMap(([kind, codes]) => codes.map((code) => [code, kind as QueueErrorKind])),
)

function kindOf(code: string, cause: unknown): QueueErrorKind {
  const known = kindByCode.get(code)
  if (known !== undefined) return known
  const status = statusOf(cause)
  if (status === 429) return 'throttled'
  if (status !== undefined && status >= 500) return 'network'
  // A refusal by something between us and SQS (proxy, VPC endpoint policy) has no known name.
  if (status === 401 || status === 403) return 'forbidden'
  if (field(cause, 'tryNextLink') !== undefined) return 'credentials'
  return 'unknown'
}

/**
 * SQS has several names for one error: `AWS.SimpleQueueService.NonExistentQueue` (query protocol),
 * `com.amazonaws.sqs#QueueDoesNotExist` (JSON) and `QueueDoesNotExist` (SDK class); for a key
 * `KMS.AccessDeniedException` (query protocol) and `KmsAccessDenied` (SDK class).
 */
function codeOf(cause: unknown): string {
  const chain = [cause, field(cause, 'cause'), field(field(cause, 'cause'), 'cause')]
  const names = chain.flatMap((error) => [field(error, 'code'), field(error, 'Code'), field(error, 'name')])
  const codes = names.filter((name) => typeof name === 'string').map((name) => shortNameOf(name))
  // An aggregate of failed connection attempts (one per address) has its code in its parts.
  const [part] = (field(cause, 'errors') as unknown[] | undefined) ?? []
  if (part !== undefined) codes.push(codeOf(part))
  return codes.find((code) => kindByCode.has(code)) ?? codes.find((code) => code !== 'Error') ?? 'Error'
}

function shortNameOf(name: string): string {
  const [, ofKey] = /(?:^|[.#])KMS\.(\w+?)(?:Exception)?$/.exec(name) ?? []
  if (ofKey === undefined) return name.replace(/^.*[.#]/, '')
  return ofKey === 'Throttling' ? 'KmsThrottled' : `Kms${ofKey}`
}

function textOf(cause: unknown): string {
  const text = field(cause, 'message') ?? field(cause, 'Message')
  return typeof text === 'string' && text !== '' ? text.trim() : String(cause)
}

function statusOf(cause: unknown): number | undefined {
  const status = field(field(cause, '$metadata'), 'httpStatusCode')
  return typeof status === 'number' ? status : undefined
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}
