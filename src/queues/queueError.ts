import { ConnectionError, reasonOfNetwork } from '../network/connectionError.ts'
import { type Localizable, LocalizableError, say } from '../text/localizable.ts'
import { CredentialsUnreachable } from './credentialsUnreachable.ts'
import { classifyError, isCertificateCode, isClockCode, type QueueErrorKind } from './errorKind.ts'

/** A request to SQS that failed, in a sentence for people; the SDK's error is in `cause`. */
export class QueueError extends LocalizableError {
  override readonly name = 'QueueError'
  readonly kind: QueueErrorKind
  /** Name of the queue, or empty where the request is not about a single queue. */
  readonly queue: string
  /** IAM action, as in `sqs:SendMessage`. */
  readonly action: string
  /** The name that SQS or Node gives the error, as in `ThrottlingException` or `ECONNREFUSED`. */
  readonly code: string

  constructor(
    failure: QueueFailure,
    kind: QueueErrorKind,
    code: string,
    sentence: Localizable,
    cause?: unknown,
  ) {
    super(sentence, { cause })
    this.kind = kind
    this.queue = failure.queue
    this.action = failure.action
    this.code = code
  }

  /** For logs: details that the sentence omits, as in `ECONNREFUSED for sqs:SendMessage on queue testing_master`. */
  get details(): string {
    return `${this.code} for ${this.action}${this.queue === '' ? '' : ` on queue ${this.queue}`}`
  }
}

/** The request that failed. */
export interface QueueFailure {
  readonly queue: string
  readonly action: string
  readonly region: string
  readonly endpoint?: string | undefined
  readonly profile?: string | undefined
  /** The account that owns the queue, where it is not that of the credentials. */
  readonly account?: string | undefined
}

/** Turns what the SDK threw, or a failed batch entry's `{ Code, Message }`, into an error with a sentence for people. */
export function toQueueError(cause: unknown, failure: QueueFailure): QueueError {
  if (cause instanceof QueueError) return cause
  const { kind, code, text } = classifyError(cause)
  return new QueueError(failure, kind, code, sentence(kind, code, text, failure, cause), cause)
}

function sentence(
  kind: QueueErrorKind,
  code: string,
  text: string,
  failure: QueueFailure,
  cause: unknown,
): Localizable {
  const { action, queue, region, endpoint, profile, account } = failure
  const where = endpoint ?? region
  const place = account === undefined ? where : say('{0}, account {1}', where, account)
  const service = action.slice(0, action.indexOf(':')).toUpperCase()
  const at =
    endpoint === undefined ? say('{0} in {1}', service, region) : say('{0} at {1}', service, endpoint)
  const on = queue === '' ? at : say('queue {0} ({1})', queue, place)
  switch (kind) {
    case 'throttled':
      return say(
        '{0} is throttling {1} on {2} ({3}). Requests are retried more slowly.',
        at,
        action,
        on,
        code,
      )
    case 'network':
      return networkSentence(code, text, at, endpoint, cause)
    case 'credentials':
      return credentialsSentence(code, text, at, profile)
    case 'missing-queue':
      if (code === 'QueueDeletedRecently') {
        return say(
          'Queue {0} ({1}) was deleted less than a minute ago. Wait a minute, then create it again.',
          queue,
          place,
        )
      }
      return say(
        "Queue {0} does not exist in {1}, or you are not allowed to see it. Create the environment's queues, or check region and queue name.",
        queue,
        place,
      )
    case 'forbidden':
      if (code.startsWith('Kms')) {
        if (code !== 'KmsAccessDenied') {
          return say(
            'The key that encrypts {0} cannot be used ({1}: {2}). Enable it, or choose another key for the queue.',
            on,
            code,
            text,
          )
        }
        return say(
          'You are not allowed to use the key that encrypts {0}. Allow kms:GenerateDataKey and kms:Decrypt on it. ({1})',
          on,
          text,
        )
      }
      if (account !== undefined && queue !== '') {
        return say(
          '{0} on {1} is not allowed. The queue is of another account, so two policies have to allow it: the IAM policy of your credentials, and the policy of the queue. ({2})',
          action,
          on,
          text,
        )
      }
      return profile === undefined
        ? say(
            'The AWS credentials in use do not allow {0} on {1}. Ask your administrator to add it to their IAM policy. ({2})',
            action,
            on,
            text,
          )
        : say(
            'The credentials of AWS profile {0} do not allow {1} on {2}. Ask your administrator to add it to their IAM policy. ({3})',
            profile,
            action,
            on,
            text,
          )
    case 'invalid':
      return say('{0} rejected {1} on {2}: {3} ({4})', service, action, on, text, code)
    case 'unknown':
      return say('{0} on {1} failed: {2} ({3})', action, on, text, code)
  }
}

function networkSentence(
  code: string,
  text: string,
  service: Localizable,
  endpoint: string | undefined,
  cause: unknown,
): Localizable {
  const chain = causesOf(cause)
  // The service that gives the credentials is another than the one that the request is for.
  const giver = chain.find((error) => error instanceof CredentialsUnreachable)
  const at = giver === undefined ? service : say('{0}, which gives the AWS credentials', giver.host)
  const onTheWay = chain.find((error) => error instanceof ConnectionError)
  if (onTheWay !== undefined) return say('Cannot reach {0}. {1}', at, onTheWay.localizable)
  if (isCertificateCode(code)) {
    return say(
      'Cannot reach {0}: its certificate is not trusted ({1}). If a proxy or firewall inspects TLS here, name a file with its certificate in AWS_CA_BUNDLE.',
      at,
      text,
    )
  }
  return endpoint === undefined
    ? say('Cannot reach {0} ({1}). Check network and region.', at, networkReason(code))
    : say('Cannot reach {0} ({1}). Check network and endpoint.', at, networkReason(code))
}

function causesOf(cause: unknown): unknown[] {
  return cause instanceof Error ? [cause, ...causesOf(cause.cause)] : []
}

/** A network error in words; other codes are returned as they are. */
function networkReason(code: string): Localizable | string {
  if (code === 'SyntaxError')
    return say('the answer is not from AWS, but perhaps from a proxy or a login page')
  return reasonOfNetwork(code) ?? code
}

function credentialsSentence(
  code: string,
  text: string,
  at: Localizable,
  profile: string | undefined,
): Localizable {
  if (isClockCode(code)) {
    return say(
      "This machine's clock is wrong, so {0} rejects its signatures. Synchronise the clock, for example with chrony. ({1})",
      at,
      text,
    )
  }
  if (code.startsWith('Expired')) {
    return profile === undefined
      ? say('The AWS credentials have expired. Log in again or renew the keys. ({0})', text)
      : say(
          'The credentials of AWS profile {0} have expired. Log in again or renew the keys. ({1})',
          profile,
          text,
        )
  }
  if (/^(CredentialsProviderError|Token(ProviderError|RefreshRequired))$/.test(code)) {
    return profile === undefined
      ? say(
          'No usable AWS credentials found. Choose an AWS profile, or give this machine keys or a role. ({0})',
          text,
        )
      : say(
          'AWS profile {0} has no usable credentials. Log in again or fix the profile. ({1})',
          profile,
          text,
        )
  }
  return profile === undefined
    ? say('{0} rejects the AWS credentials. Check key, secret and session token. ({1}: {2})', at, code, text)
    : say(
        '{0} rejects the credentials of AWS profile {1}. Check key, secret and session token. ({2}: {3})',
        at,
        profile,
        code,
        text,
      )
}
