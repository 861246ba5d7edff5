import type { Subject } from './subject.ts'
import { answerWith, type WireAnswer } from './wire.ts'

/** The operations of SQS that are used here. */
export const operations = [
  ...['ReceiveMessage', 'SendMessage', 'SendMessageBatch', 'DeleteMessage', 'DeleteMessageBatch'],
  ...['ChangeMessageVisibility', 'ChangeMessageVisibilityBatch', 'GetQueueUrl', 'GetQueueAttributes'],
  ...['SetQueueAttributes', 'CreateQueue', 'DeleteQueue', 'ListQueues'],
] as const
export type Operation = (typeof operations)[number]

interface Form {
  readonly status: number
  /** Which of AWS's layers says it: `sqs` for what the model of SQS names, `coral` for what is in front of all services. */
  readonly by: 'sqs' | 'coral'
  /** `{}` becomes operation, queue and caller. */
  readonly message: string
  /** `x-amzn-query-error`: what clients of the older protocol get, and what SDKs take for the code when it is there. */
  readonly query?: string
  /** Operations whose documentation names it; every operation when absent. */
  readonly of?: readonly Operation[]
}

const bodies: readonly Operation[] = ['SendMessage', 'SendMessageBatch', 'ReceiveMessage']
const batches: readonly Operation[] = [
  'SendMessageBatch',
  'DeleteMessageBatch',
  'ChangeMessageVisibilityBatch',
]
const named = operations.filter((operation) => !['ListQueues', 'CreateQueue'].includes(operation))
const query = (code: string) => `AWS.SimpleQueueService.${code};Sender`
const kms = (code: string) =>
  ({ status: 400, by: 'sqs' as const, query: `KMS.${code};Sender`, of: bodies }) satisfies Partial<Form>

/**
 * What AWS says when it refuses, by the name that JSON answers carry. Those by `sqs` are all that SQS's own model names for
 * these operations, with status and query code of the model; a test holds both beside the SDK. Those by `coral` are the common
 * errors of AWS's services that were seen with SQS.
 */
export const refusals = {
  BatchEntryIdsNotDistinct: batchError(
    'BatchEntryIdsNotDistinct',
    'Two or more batch entries in the request have the same Id.',
    batches,
  ),
  BatchRequestTooLong: batchError(
    'BatchRequestTooLong',
    'The length of all the messages put together is more than the limit.',
    ['SendMessageBatch'],
  ),
  EmptyBatchRequest: batchError(
    'EmptyBatchRequest',
    'The batch request doesn’t contain any entries.',
    batches,
  ),
  InvalidBatchEntryId: batchError(
    'InvalidBatchEntryId',
    'The Id of a batch entry doesn’t abide by the specification.',
    batches,
  ),
  TooManyEntriesInBatchRequest: batchError(
    'TooManyEntriesInBatchRequest',
    'More entries than permissible are in this request.',
    batches,
  ),
  InvalidAddress: {
    ...{ status: 404, by: 'sqs', query: 'InvalidAddress;Sender' },
    message: 'The address is not valid for this endpoint.',
  },
  InvalidAttributeName: {
    ...{ status: 400, by: 'sqs', message: 'Unknown attribute.' },
    of: ['GetQueueAttributes', 'SetQueueAttributes', 'CreateQueue'],
  },
  InvalidAttributeValue: {
    ...{ status: 400, by: 'sqs', message: 'Invalid value for the parameter.' },
    of: ['SetQueueAttributes', 'CreateQueue'],
  },
  InvalidIdFormat: { status: 400, by: 'sqs', message: 'The Id is not valid.', of: ['DeleteMessage'] },
  InvalidMessageContents: {
    ...{ status: 400, by: 'sqs', message: 'Invalid characters found.', of: ['SendMessage'] },
  },
  InvalidSecurity: {
    ...{ status: 403, by: 'sqs', query: 'InvalidSecurity;Sender' },
    message: 'The request was not made over HTTPS or did not use SigV4.',
  },
  KmsAccessDenied: {
    ...kms('AccessDeniedException'),
    message: 'The ciphertext refers to a key that {} may not use.',
  },
  KmsDisabled: { ...kms('DisabledException'), message: 'arn:aws:kms:…:key/… is disabled.' },
  KmsInvalidKeyUsage: { ...kms('InvalidKeyUsageException'), message: 'The key usage is incompatible.' },
  KmsInvalidState: { ...kms('InvalidStateException'), message: 'arn:aws:kms:…:key/… is pending deletion.' },
  KmsNotFound: { ...kms('NotFoundException'), message: 'Key ‘arn:aws:kms:…:key/…’ does not exist.' },
  KmsOptInRequired: { ...kms('OptInRequired'), status: 403, message: 'The service needs a subscription.' },
  KmsThrottled: {
    ...kms('ThrottlingException'),
    message: 'You have exceeded the rate at which you may call KMS.',
  },
  MessageNotInflight: {
    ...{ status: 400, by: 'sqs', query: query('MessageNotInflight'), of: ['ChangeMessageVisibility'] },
    message: 'The specified message isn’t in flight.',
  },
  OverLimit: {
    ...{ status: 403, by: 'sqs', query: 'OverLimit;Sender', of: ['ReceiveMessage', 'SetQueueAttributes'] },
    message: 'Too many messages are in flight.',
  },
  QueueDeletedRecently: {
    ...{ status: 400, by: 'sqs', query: query('QueueDeletedRecently'), of: ['CreateQueue'] },
    message:
      'You must wait 60 seconds after deleting a queue before you can create another with the same name.',
  },
  QueueDoesNotExist: {
    ...{ status: 400, by: 'sqs', query: query('NonExistentQueue'), of: named },
    message: 'The specified queue does not exist.',
  },
  QueueNameExists: {
    ...{ status: 400, by: 'sqs', query: 'QueueAlreadyExists;Sender', of: ['CreateQueue'] },
    message: 'A queue already exists with the same name and a different value for an attribute.',
  },
  ReceiptHandleIsInvalid: {
    ...{ status: 404, by: 'sqs', query: 'ReceiptHandleIsInvalid;Sender' },
    ...{ message: 'The input receipt handle is invalid.', of: ['DeleteMessage', 'ChangeMessageVisibility'] },
  },
  RequestThrottled: {
    ...{ status: 403, by: 'sqs', query: 'RequestThrottled;Sender' },
    message: 'The request was denied due to request throttling.',
  },
  UnsupportedOperation: {
    ...{ status: 400, by: 'sqs', query: query('UnsupportedOperation'), message: 'Unsupported operation.' },
  },

  AccessDeniedException: { status: 403, by: 'coral', message: 'Not authorized: {}' },
  ExpiredTokenException: {
    ...{ status: 403, by: 'coral', message: 'The security token included in the request is expired' },
  },
  InternalFailure: {
    ...{ status: 500, by: 'coral', message: 'We encountered an internal error. Please try again.' },
  },
  InvalidClientTokenId: {
    status: 403,
    by: 'coral',
    message: 'The security token in the request is invalid.',
  },
  /** A message that is gone, as the single operation says it (aws-sdk-java 1628, data-prepper 3861). */
  InvalidParameterValue: {
    ...{ status: 400, by: 'coral', of: ['ChangeMessageVisibility', 'DeleteMessage'] },
    message:
      'Value for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.',
  },
  InvalidSignatureException: { status: 403, by: 'coral', message: 'Signature expired' },
  MissingAuthenticationTokenException: { status: 403, by: 'coral', message: 'Missing Authentication Token' },
  OptInRequired: {
    status: 403,
    by: 'coral',
    message: 'The access key needs a subscription for the service.',
  },
  RequestExpired: { status: 403, by: 'coral', message: 'Request has expired.' },
  RequestTimeTooSkewed: { status: 403, by: 'coral', message: 'The request time differs too much' },
  RequestTimeoutException: { status: 408, by: 'coral', message: 'The request was not complete in time.' },
  ServiceUnavailableException: { status: 503, by: 'coral', message: 'Service is unable to handle request.' },
  SignatureDoesNotMatch: { status: 403, by: 'coral', message: 'The signature does not match.' },
  ThrottlingException: { status: 400, by: 'coral', message: 'Rate exceeded' },
  UnrecognizedClientException: { status: 403, by: 'coral', message: 'The security token is invalid.' },
} satisfies Readonly<Record<string, Form>>

export type Refusal = keyof typeof refusals

/** What an operation can be refused with. */
export function refusalsOf(operation: Operation): Refusal[] {
  return (Object.entries(refusals) as [Refusal, Form][]).flatMap(([code, { of }]) =>
    of === undefined || of.includes(operation) ? [code] : [],
  )
}

/** The answer by which AWS refuses a request. */
export function refusal(code: Refusal, { action, queue, principal }: Subject, words?: string): WireAnswer {
  const { status, by, message, query: queryError }: Form = refusals[code]
  const namespace = by === 'sqs' ? 'com.amazonaws.sqs' : 'com.amazon.coral.service'
  const text = (words ?? message).replace('{}', `${action} on ${queue} by ${principal}`)
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    date: new Date().toUTCString(),
    ...(queryError === undefined ? {} : { 'x-amzn-query-error': queryError }),
  }
  const empty = { status, headers, body: Buffer.alloc(0) }
  return answerWith(empty, { __type: `${namespace}#${code}`, message: text })
}

interface EntryForm {
  readonly senderFault: boolean
  readonly of: readonly Operation[]
  readonly message: string
}

const settling: readonly Operation[] = ['DeleteMessageBatch', 'ChangeMessageVisibilityBatch']
const sending: readonly Operation[] = ['SendMessageBatch']

/** What an entry of a batch fails with while others do not. */
export const entryFailures = {
  InternalError: { senderFault: false, of: batches, message: 'Please try again.' },
  ServiceUnavailable: { senderFault: false, of: batches, message: 'Please try again.' },
  RequestThrottled: { senderFault: true, of: batches, message: refusals.RequestThrottled.message },
  InvalidMessageContents: { senderFault: true, of: sending, message: 'Invalid characters found.' },
  'KMS.DisabledException': { senderFault: true, of: sending, message: refusals.KmsDisabled.message },
  'KMS.ThrottlingException': { senderFault: true, of: sending, message: refusals.KmsThrottled.message },
  /** A message that is gone, as batches say it (elasticmq 632). */
  ReceiptHandleIsInvalid: {
    senderFault: true,
    of: settling,
    message: refusals.ReceiptHandleIsInvalid.message,
  },
  /** The same as single requests say it: which of them batches use is not certain. */
  InvalidParameterValue: { senderFault: true, of: settling, message: refusals.InvalidParameterValue.message },
  'AWS.SimpleQueueService.MessageNotInflight': {
    ...{ senderFault: true, of: ['ChangeMessageVisibilityBatch'] as const },
    message: refusals.MessageNotInflight.message,
  },
} satisfies Readonly<Record<string, EntryForm>>

export type EntryFailure = keyof typeof entryFailures

/** A failed entry in the answer to a batch. */
export function failedEntry(id: string, code: string) {
  const known: Readonly<Record<string, EntryForm>> = entryFailures
  const { senderFault, message } = known[code] ?? { senderFault: true, message: code }
  return { Id: id, Code: code, SenderFault: senderFault, Message: message }
}

function batchError(code: string, message: string, of: readonly Operation[]): Form {
  return { status: 400, by: 'sqs', query: query(code), message, of }
}
