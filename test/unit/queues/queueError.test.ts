import { describe, expect, it } from 'vitest'
import { toQueueError } from '../../../src/queues/queueError.ts'
import { localize } from '../../../src/text/localizable.ts'
import { inEnglish } from '../../../src/text/translate.ts'

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
    ['KMS.AccessDeniedException', 'forbidden'],
    ['KMS.DisabledException', 'forbidden'],
    ['KMS.InvalidStateException', 'forbidden'],
    ['KMS.NotFoundException', 'forbidden'],
    ['KMS.OptInRequired', 'forbidden'],
    ['KMS.ThrottlingException', 'throttled'],
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
      'The credentials of AWS profile ops do not allow sqs:SendMessage on queue testing_master (eu-west-1). Ask your administrator to add it to their IAM policy. (User x is not authorized)',
    )
    expect(error).toMatchObject({ action: 'sqs:SendMessage', queue: 'testing_master' })
  })

  it('tells expired credentials from wrong ones, from none at all, and from a wrong clock', () => {
    const sentence = (name: string, text: string) =>
      toQueueError(sdkError(name, text), { ...sending, profile: 'ops' }).message
    expect(sentence('ExpiredToken', 'token expired')).toContain('credentials of AWS profile ops have expired')
    expect(sentence('InvalidClientTokenId', 'bad')).toContain('rejects the credentials of AWS profile ops')
    expect(sentence('CredentialsProviderError', 'Profile ops could not be found')).toContain(
      'AWS profile ops has no usable credentials',
    )
    expect(sentence('RequestTimeTooSkewed', 'skew')).toContain('clock is wrong')
    expect(sentence('SignatureDoesNotMatch', 'Signature expired: 20260101 is now earlier')).toContain(
      'clock is wrong',
    )
  })

  it('keeps the cause, and passes a QueueError on as it is', () => {
    const cause = sdkError('OverLimit', 'too many')
    const error = toQueueError(cause, sending)
    expect(error.cause).toBe(cause)
    expect(toQueueError(error, { ...sending, queue: 'other' })).toBe(error)
  })

  it('names the endpoint where there is one', () => {
    const error = toQueueError(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), {
      ...sending,
      endpoint: 'http://127.0.0.1:9324',
    })
    expect(error.message).toBe(
      'Cannot reach SQS at http://127.0.0.1:9324 (connection refused). Check network and endpoint.',
    )
  })

  it('has a message that can be translated, with its parts', () => {
    const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' })
    const shouted = localize(toQueueError(refused, sending).localizable, (text, ...values) =>
      inEnglish(text.toUpperCase(), ...values),
    )
    expect(shouted).toBe('CANNOT REACH SQS IN eu-west-1 (CONNECTION REFUSED). CHECK NETWORK AND REGION.')
  })

  it('gives logs what the sentence leaves out', () => {
    const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' })
    expect(toQueueError(refused, sending).details).toBe(
      'ECONNREFUSED for sqs:SendMessage on queue testing_master',
    )
  })
})
