import { MessageQueue } from './messageQueue.ts'
import {
  changeSettings,
  type QueueAttributeTexts,
  type QueueSettingValues,
  settingValues,
  usualSettings,
} from './queueSettings.ts'
import { invalidParameter, noSuchQueue, Refusal } from './refusal.ts'

/** The only account of this server. */
export const account = '000000000000'

export interface StoreOptions {
  now(): number
  /** A message was deleted because it is older than the retention of its queue. */
  onExpired(queue: string, body: string): void
}

const tagKey = /^(?!aws:)[\p{L}\p{N}\p{Zs}_.:/=+\-@]{1,128}$/iu
const tagValue = /^[\p{L}\p{N}\p{Zs}_.:/=+\-@]{0,256}$/u

/** A queue with its messages and attributes. */
export class StoredQueue {
  readonly name: string
  readonly arn: string
  readonly messages: MessageQueue
  readonly #createdAt: number
  readonly #now: () => number
  #changedAt: number
  #attributes: QueueAttributeTexts
  #values: QueueSettingValues
  #tags: Readonly<Record<string, string>> = {}

  constructor(
    region: string,
    name: string,
    attributes: QueueAttributeTexts,
    { now, onExpired }: StoreOptions,
  ) {
    this.name = name
    this.arn = `arn:aws:sqs:${region}:${account}:${name}`
    this.#now = now
    this.#createdAt = this.#changedAt = now()
    this.#attributes = changeSettings(usualSettings, attributes)
    this.#values = settingValues(this.#attributes)
    this.messages = new MessageQueue(
      () => this.#values,
      now,
      (body) => onExpired(name, body),
    )
  }

  get tags(): Readonly<Record<string, string>> {
    return this.#tags
  }

  /** @throws Refusal when there are more than SQS takes, or one is not of its characters */
  tag(tags: Readonly<Record<string, string>>): void {
    const all = { ...this.#tags, ...tags }
    for (const [key, value] of Object.entries(tags)) {
      if (!tagKey.test(key) || !tagValue.test(value)) throw invalidParameter(`The tag ${key} is not valid.`)
    }
    if (Object.keys(all).length > 50) throw invalidParameter('Too many tags added for queue.')
    this.#tags = all
  }

  get settings(): QueueSettingValues {
    return this.#values
  }

  /** All attributes that SQS returns for a queue. */
  get attributes(): QueueAttributeTexts {
    const { visible, notVisible, delayed } = this.messages.counts
    const seconds = (at: number) => String(Math.floor(at / 1000))
    return {
      ...this.#attributes,
      QueueArn: this.arn,
      ApproximateNumberOfMessages: String(visible),
      ApproximateNumberOfMessagesNotVisible: String(notVisible),
      ApproximateNumberOfMessagesDelayed: String(delayed),
      CreatedTimestamp: seconds(this.#createdAt),
      LastModifiedTimestamp: seconds(this.#changedAt),
    }
  }

  change(attributes: QueueAttributeTexts): void {
    this.#attributes = changeSettings(this.#attributes, attributes)
    this.#values = settingValues(this.#attributes)
    this.#changedAt = this.#now()
  }

  isSetTo(attributes: QueueAttributeTexts): boolean {
    return Object.entries(attributes).every(([name, value]) => (this.#attributes[name] ?? '') === value)
  }
}

/** The queues of one account, by region. */
export class QueueStore {
  readonly #options: StoreOptions
  readonly #queues = new Map<string, StoredQueue>()

  constructor({ now = Date.now, onExpired = () => {} }: Partial<StoreOptions> = {}) {
    this.#options = { now, onExpired }
  }

  /**
   * Succeeds also when it exists with these attributes.
   * @throws Refusal when it exists with others, or a name or value is invalid
   */
  create(
    region: string,
    name: string,
    attributes: QueueAttributeTexts,
    tags: Readonly<Record<string, string>> = {},
  ): StoredQueue {
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(name)) {
      throw invalidParameter(
        'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
      )
    }
    const known = this.#queues.get(keyOf(region, name))
    if (known?.isSetTo(attributes)) return known
    if (known !== undefined) {
      const message = `A queue already exists with the same name and a different value for an attribute.`
      throw new Refusal('QueueNameExists', message, { queryCode: 'QueueAlreadyExists' })
    }
    const queue = new StoredQueue(region, name, attributes, this.#options)
    queue.tag(tags)
    this.#queues.set(keyOf(region, name), queue)
    return queue
  }

  /** @throws Refusal when it does not exist */
  find(region: string, name: string): StoredQueue {
    const queue = this.#queues.get(keyOf(region, name))
    if (queue === undefined) throw noSuchQueue()
    return queue
  }

  /** @throws Refusal when it does not exist */
  delete(region: string, name: string): void {
    this.find(region, name).messages.close()
    this.#queues.delete(keyOf(region, name))
  }

  /** Names that begin with `prefix`, in order. */
  list(region: string, prefix: string): string[] {
    const start = keyOf(region, prefix)
    const keys = [...this.#queues.keys()].filter((key) => key.startsWith(start))
    return keys.map((key) => key.slice(keyOf(region, '').length)).sort()
  }
}

function keyOf(region: string, name: string): string {
  return `${region}/${name}`
}
