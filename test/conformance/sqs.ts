/** A message as SQS gives it. */
export interface Received {
  readonly id: string
  readonly handle: string
  readonly body: string
  readonly senderId: string
  /** Milliseconds since 1970, by SQS's clock. */
  readonly sentAt: number
}

interface RawMessage {
  readonly MessageId: string
  readonly ReceiptHandle: string
  readonly Body: string
  readonly Attributes: { readonly SenderId: string; readonly SentTimestamp: string }
}

/** SQS over its JSON protocol, for an endpoint that does not check signatures of requests. */
export class Sqs {
  readonly #endpoint: string
  #offsetMs = 0

  constructor(endpoint: string) {
    this.#endpoint = endpoint
  }

  /** SQS's clock, milliseconds. */
  now(): number {
    return Date.now() + this.#offsetMs
  }

  create(queue: string, attributes: Readonly<Record<string, string>>): Promise<unknown> {
    return this.#call('CreateQueue', { QueueName: queue, Attributes: attributes })
  }

  /** @returns the ID of the message */
  async send(queue: string, body: string): Promise<string> {
    const { MessageId } = await this.#on(queue, 'SendMessage', { MessageBody: body })
    return String(MessageId)
  }

  /** @param seconds wait: of the long poll; hide: visibility timeout */
  async receive(
    queue: string,
    seconds: { readonly wait: number; readonly hide: number },
    signal?: AbortSignal,
  ): Promise<Received[]> {
    const options = {
      ...{ MaxNumberOfMessages: 10, WaitTimeSeconds: seconds.wait, VisibilityTimeout: seconds.hide },
      MessageSystemAttributeNames: ['SenderId', 'SentTimestamp'],
    }
    const { Messages = [] } = await this.#on(queue, 'ReceiveMessage', options, signal)
    return (Messages as RawMessage[]).map(({ MessageId, ReceiptHandle, Body, Attributes }) => ({
      ...{ id: MessageId, handle: ReceiptHandle, body: Body },
      ...{ senderId: Attributes.SenderId, sentAt: Number(Attributes.SentTimestamp) },
    }))
  }

  async delete(queue: string, messages: readonly Received[]): Promise<void> {
    for (const { handle } of messages) await this.#on(queue, 'DeleteMessage', { ReceiptHandle: handle })
  }

  async putBack(queue: string, messages: readonly Received[]): Promise<void> {
    for (const { handle } of messages)
      await this.#on(queue, 'ChangeMessageVisibility', { ReceiptHandle: handle, VisibilityTimeout: 0 })
  }

  /** Largest body that the queue takes, bytes. */
  async maximumSize(queue: string): Promise<number> {
    const { Attributes } = await this.#on(queue, 'GetQueueAttributes', {
      AttributeNames: ['MaximumMessageSize'],
    })
    return Number((Attributes as { MaximumMessageSize: string }).MaximumMessageSize)
  }

  #on(queue: string, action: string, input: object, signal?: AbortSignal): Promise<Record<string, unknown>> {
    return this.#call(action, { QueueUrl: `${this.#endpoint}/000000000000/${queue}`, ...input }, signal)
  }

  async #call(action: string, input: object, signal?: AbortSignal): Promise<Record<string, unknown>> {
    const response = await fetch(this.#endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `AmazonSQS.${action}`,
        // Says only which region is meant.
        authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/sqs/aws4_request, Signature=none',
      },
      body: JSON.stringify(input),
      ...(signal === undefined ? {} : { signal }),
    })
    const text = await response.text()
    // The time in the header is cut to seconds.
    this.#offsetMs = Date.parse(response.headers.get('date') ?? '') + 500 - Date.now() || this.#offsetMs
    if (!response.ok) throw new Error(`${action}: ${text}`)
    return JSON.parse(text || '{}')
  }
}
