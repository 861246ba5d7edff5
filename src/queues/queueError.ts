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

/** A request to SQS that failed: `message` is a sentence for people, the SDK's error is in `cause`. */
export class QueueError extends Error {
  override readonly name = 'QueueError'
  readonly kind: QueueErrorKind
  /** Name of the queue, or empty where no single queue was asked for. */
  readonly queue: string
  /** IAM action, as in `sqs:SendMessage`. */
  readonly action: string
  /** SQS's or Node's own name of the error, as in `ThrottlingException` or `ECONNREFUSED`. */
  readonly code: string

  constructor(failure: QueueFailure, kind: QueueErrorKind, code: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
    this.queue = failure.queue
    this.action = failure.action
    this.code = code
  }
}

/** What was being asked of whom when it failed. */
export interface QueueFailure {
  readonly queue: string
  readonly action: string
  readonly region: string
  readonly endpoint?: string | undefined
  readonly profile?: string | undefined
}

/** Puts whatever the SDK threw, or a failed batch entry's `{ Code, Message }`, into words. */
export function toQueueError(cause: unknown, failure: QueueFailure): QueueError {
  if (cause instanceof QueueError) return cause
  const code = codeOf(cause)
  const kind = kindOf(code, cause)
  return new QueueError(failure, kind, code, sentence(kind, code, textOf(cause), failure), cause)
}

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
    'TokenProviderError',
    'TokenRefreshRequired',
    'UnrecognizedClientException',
  ],
  'missing-queue': ['NonExistentQueue', 'QueueDoesNotExist', 'QueueDeletedRecently'],
  forbidden: [
    'AccessDenied',
    'AccessDeniedException',
    'KmsAccessDenied',
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
    'KmsDisabled',
    'KmsInvalidKeyUsage',
    'KmsInvalidState',
    'KmsNotFound',
    'KmsOptInRequired',
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
 * `com.amazonaws.sqs#QueueDoesNotExist` (JSON) and `QueueDoesNotExist` (SDK class).
 */
function codeOf(cause: unknown): string {
  const chain = [cause, field(cause, 'cause')]
  const names = chain.flatMap((error) => [field(error, 'code'), field(error, 'Code'), field(error, 'name')])
  const codes = names.filter((name) => typeof name === 'string').map((name) => name.replace(/^.*[.#]/, ''))
  // An aggregate of failed connection attempts (one per address) hides its code in its parts.
  const [part] = (field(cause, 'errors') as unknown[] | undefined) ?? []
  if (part !== undefined) codes.push(codeOf(part))
  return codes.find((code) => kindByCode.has(code)) ?? codes.find((code) => code !== 'Error') ?? 'Error'
}

function sentence(kind: QueueErrorKind, code: string, text: string, failure: QueueFailure): string {
  const { action, queue, region, endpoint, profile } = failure
  const place = endpoint ?? region
  const service = action.slice(0, action.indexOf(':')).toUpperCase()
  const at = endpoint === undefined ? `${service} in ${region}` : `${service} at ${endpoint}`
  const on = queue === '' ? at : `queue ${queue} (${place})`
  switch (kind) {
    case 'throttled':
      return `${at} asks for fewer requests: ${action} on ${on} will be tried again, slower (${code}).`
    case 'network':
      return `${at} cannot be reached, or does not answer: ${code} for ${action} on ${on}. Check network, proxy and ${endpoint === undefined ? 'region' : 'endpoint'}.`
    case 'credentials':
      return credentialsSentence(code, text, at, profile)
    case 'missing-queue':
      if (code === 'QueueDeletedRecently') {
        return `Queue ${queue} (${place}) was deleted less than a minute ago. Create it again when the minute is over.`
      }
      return `There is no queue ${queue} in ${place}, or it is hidden from you. Create the environment's queues, or check region and queue name.`
    case 'forbidden':
      if (code.startsWith('Kms')) {
        return `The key that encrypts ${on} may not be used. Allow kms:GenerateDataKey and kms:Decrypt on it. (${text})`
      }
      return `${profile === undefined ? 'You are' : `Profile ${profile} is`} not allowed ${action} on ${on}. Add it to the IAM policy. (${text})`
    case 'invalid':
      return `SQS refuses ${action} on ${on}: ${text} (${code})`
    case 'unknown':
      return `${action} on ${on} failed: ${text} (${code})`
  }
}

function credentialsSentence(code: string, text: string, at: string, profile: string | undefined): string {
  const whose = profile === undefined ? 'AWS credentials' : `credentials of AWS profile ${profile}`
  if (isClockCode(code) || /signature expired|not yet current/i.test(text)) {
    return `This machine's clock is wrong, so ${at} does not accept its signatures. Set the clock. (${text})`
  }
  if (code.startsWith('Expired'))
    return `The ${whose} have expired. Log in again, or renew the keys. (${text})`
  if (/^(CredentialsProviderError|Token(ProviderError|RefreshRequired))$/.test(code)) {
    const advice =
      profile === undefined
        ? 'Choose an AWS profile, or give this machine keys or a role.'
        : 'Log in again, or mend the profile.'
    return `There are no usable ${whose}. ${advice} (${text})`
  }
  return `${at} does not accept the ${whose}. Check key, secret and session token. (${code}: ${text})`
}

/** The SDK learns SQS's time from such an answer, so that the next request may well be signed right. */
export function isClockCode(code: string): boolean {
  return /^Request(TimeTooSkewed|Expired|InTheFuture)$/.test(code)
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
