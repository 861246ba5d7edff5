/**
 * Why SQS did not do what was asked; decides about back-off and about what a person can do.
 * `throttled` and `network` (5xx answers included) pass by themselves; the others need somebody.
 */
export type QueueErrorKind =
  | 'throttled'
  | 'network'
  | 'credentials'
  | 'missing-queue'
  | 'forbidden'
  | 'invalid'
  | 'unknown'

/** What an error of the SDK is, and what it says. */
export interface ClassifiedError {
  readonly kind: QueueErrorKind
  /** SQS's or Node's own name of it, as in `ThrottlingException` or `ECONNREFUSED`. */
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

/** The SDK learns SQS's time from such an answer, so that the next request is signed right: by the same client. */
export function isClockCode(code: string): boolean {
  return code === wrongTime || /^Request(TimeTooSkewed|Expired|InTheFuture)$/.test(code)
}

/** Our own name for what the JSON protocol calls `InvalidSignatureException`, as it calls wrong keys, too. */
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
    // The SDK met an answer that is no JSON: broken off, or of a proxy or login page in between.
    'SyntaxError',
    'TimeoutError',
    'UND_ERR_SOCKET',
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
    // Of the queue's key, not of what was sent: all that was promised is kept until somebody has seen to the key.
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
  // A refusal by something between us and SQS (proxy, VPC endpoint policy) has no name that we know.
  if (status === 401 || status === 403) return 'forbidden'
  if (field(cause, 'tryNextLink') !== undefined) return 'credentials'
  return 'unknown'
}

/**
 * SQS speaks of the same thing as `AWS.SimpleQueueService.NonExistentQueue` (query protocol),
 * `com.amazonaws.sqs#QueueDoesNotExist` (JSON) and `QueueDoesNotExist` (SDK class); of a key as
 * `KMS.AccessDeniedException` (query protocol) and `KmsAccessDenied` (SDK class).
 */
function codeOf(cause: unknown): string {
  const chain = [cause, field(cause, 'cause')]
  const names = chain.flatMap((error) => [field(error, 'code'), field(error, 'Code'), field(error, 'name')])
  const codes = names.filter((name) => typeof name === 'string').map((name) => shortNameOf(name))
  // An aggregate of failed connection attempts (one per address) hides its code in its parts.
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
