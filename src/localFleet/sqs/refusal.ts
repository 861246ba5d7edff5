/** An error response of SQS's JSON protocol: its shape in the body, the older name in a header. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  /** As in `QueueDoesNotExist`. */
  readonly code: string
  /** As in `AWS.SimpleQueueService.NonExistentQueue`; the SDK reports this one. */
  readonly queryCode: string
  readonly status: number

  constructor(code: string, message: string, { queryCode = code, status = 400 } = {}) {
    super(message)
    this.code = code
    this.queryCode = queryCode
    this.status = status
  }
}

export function noSuchQueue(): Refusal {
  return new Refusal('QueueDoesNotExist', 'The specified queue does not exist.', {
    queryCode: 'AWS.SimpleQueueService.NonExistentQueue',
  })
}

export function invalidParameter(message: string): Refusal {
  return new Refusal('InvalidParameterValue', message)
}

export function invalidHandle(): Refusal {
  return new Refusal('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.')
}
