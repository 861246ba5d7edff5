import { describe, expect, it } from 'vitest'
import { toQueueError } from '../../../src/queues/queueError.ts'

const sending = { action: 'sqs:SendMessage', queue: 'testing_master', region: 'eu-west-1' }

/** As the SDK throws it. */
function sdkError(name: string, message: string, fields: object = {}): Error {
  return Object.assign(new Error(message), { name, ...fields })
}

describe('toQueueError', () => {
  it.each([
    ['ThrottlingException', 'throttled'],
    ['RequestThrottled', 'throttled'],
    ['OverLimit', 'throttled'],
    ['KmsThrottled', 'throttled'],
    ['TimeoutError', 'network'],
    ['ServiceUnavailable', 'network'],
    ['QueueDoesNotExist', 'missing-queue'],
    ['AWS.SimpleQueueService.NonExistentQueue', 'missing-queue'],
    ['com.amazonaws.sqs#QueueDoesNotExist', 'missing-queue'],
    ['AccessDenied', 'forbidden'],
    ['AccessDeniedException', 'forbidden'],
    ['KmsAccessDenied', 'forbidden'],
    ['ExpiredToken', 'credentials'],
    ['ExpiredTokenException', 'credentials'],
    ['InvalidClientTokenId', 'credentials'],
    ['UnrecognizedClientException', 'credentials'],
    ['SignatureDoesNotMatch', 'credentials'],
    ['InvalidSecurity', 'credentials'],
    ['CredentialsProviderError', 'credentials'],
    ['RequestTimeTooSkewed', 'credentials'],
    ['InvalidMessageContents', 'invalid'],
    ['AWS.SimpleQueueService.BatchRequestTooLong', 'invalid'],
    ['SomethingNew', 'unknown'],
  ])('takes %s for %s', (name, kind) => {
    expect(toQueueError(sdkError(name, 'no'), sending).kind).toBe(kind)
  })

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EAI_AGAIN', 'EPIPE'])(
    'takes %s for a network failure, also where it is the cause or one of several attempts',
    (code) => {
      const refused = Object.assign(new Error('connect'), { code })
      const wrapped = new TypeError('fetch failed', { cause: refused })
      const aggregate = new AggregateError([refused])
      for (const error of [refused, wrapped, aggregate]) {
        expect(toQueueError(error, sending)).toMatchObject({ kind: 'network', code })
      }
    },
  )

  it('takes an unknown answer of 5xx for a network failure, 429 for throttling, 403 for a refusal', () => {
    const kind = (httpStatusCode: number) =>
      toQueueError(sdkError('Strange', 'x', { $metadata: { httpStatusCode } }), sending).kind
    expect([500, 502, 503, 429, 403].map(kind)).toEqual([
      'network',
      'network',
      'network',
      'throttled',
      'forbidden',
    ])
  })

  it('understands a failed entry of a batch', () => {
    const error = toQueueError(
      { Id: '0', Code: 'InternalError', Message: 'try again', SenderFault: false },
      sending,
    )
    expect(error).toMatchObject({ kind: 'network', code: 'InternalError' })
  })

  it('names action, queue and profile of what is forbidden', () => {
    const error = toQueueError(sdkError('AccessDenied', 'User x is not authorized'), {
      ...sending,
      profile: 'ops',
    })
    expect(error.message).toBe(
      'Profile ops is not allowed sqs:SendMessage on queue testing_master (eu-west-1). Add it to the IAM policy. (User x is not authorized)',
    )
    expect(error).toMatchObject({ action: 'sqs:SendMessage', queue: 'testing_master' })
  })

  it('tells expired credentials from wrong ones, from none at all, and from a wrong clock', () => {
    const say = (name: string, text: string) =>
      toQueueError(sdkError(name, text), { ...sending, profile: 'ops' }).message
    expect(say('ExpiredToken', 'token expired')).toContain('credentials of AWS profile ops have expired')
    expect(say('InvalidClientTokenId', 'bad')).toContain('does not accept the credentials of AWS profile ops')
    expect(say('CredentialsProviderError', 'Profile ops could not be found')).toContain(
      'no usable credentials',
    )
    expect(say('RequestTimeTooSkewed', 'skew')).toContain('clock is wrong')
    expect(say('SignatureDoesNotMatch', 'Signature expired: 20260101 is now earlier')).toContain(
      'clock is wrong',
    )
  })

  it('keeps the cause, and passes a QueueError on as it is', () => {
    const cause = sdkError('OverLimit', 'too many')
    const error = toQueueError(cause, sending)
    expect(error.cause).toBe(cause)
    expect(toQueueError(error, { ...sending, queue: 'other' })).toBe(error)
  })

  it('speaks of the endpoint where there is one', () => {
    const error = toQueueError(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), {
      ...sending,
      endpoint: 'http://127.0.0.1:9324',
    })
    expect(error.message).toContain('SQS at http://127.0.0.1:9324 cannot be reached')
  })
})
