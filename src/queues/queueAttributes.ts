/** The attributes of a queue. A number is undefined where the engine does not tell it: then it is unknown, not 0. */
export interface QueueAttributes {
  readonly arn: string
  readonly visibilitySeconds: number | undefined
  readonly retentionSeconds: number | undefined
  /** Largest message, bytes. */
  readonly maximumMessageSize: number | undefined
  /** How long a receive waits when the request does not say. */
  readonly waitSeconds: number | undefined
  readonly delaySeconds: number | undefined
  /** Where messages go that were received too often, as SQS's JSON. */
  readonly redrivePolicy?: string
  readonly encryption: 'none' | 'sqs' | 'kms'
  /** ID, alias or ARN of the KMS key, where `encryption` is `kms`. */
  readonly kmsKey?: string
  /** For how long SQS uses a data key of it again, where it has one. */
  readonly kmsReuseSeconds?: number
  /** Messages that can be received. Approximate, like the other counts. */
  readonly visible: number | undefined
  /** Messages that were received and are hidden until their visibility timeout. */
  readonly notVisible: number | undefined
  readonly delayed: number | undefined
  /** SQS's clock, milliseconds since the epoch. */
  readonly createdAt?: number | undefined
  /** When its settings were changed last: the same. */
  readonly modifiedAt?: number | undefined
}

export type QueueTags = Readonly<Record<string, string>>

/** The part of a queue's attributes that can be set. */
export interface QueueSettings {
  readonly visibilitySeconds?: number
  readonly retentionSeconds?: number
  readonly maximumMessageSize?: number
  readonly waitSeconds?: number
  readonly delaySeconds?: number
  /** Empty removes it. */
  readonly redrivePolicy?: string
}

/** SQS's names of these attributes. */
const names = {
  visibilitySeconds: 'VisibilityTimeout',
  retentionSeconds: 'MessageRetentionPeriod',
  maximumMessageSize: 'MaximumMessageSize',
  waitSeconds: 'ReceiveMessageWaitTimeSeconds',
  delaySeconds: 'DelaySeconds',
  redrivePolicy: 'RedrivePolicy',
} as const satisfies Record<keyof QueueSettings, string>

export function readAttributes(raw: Readonly<Record<string, string>>): QueueAttributes {
  const number = (name: string) => {
    const value = raw[name]
    return value === undefined || !/^\d+$/.test(value) ? undefined : Number(value)
  }
  // SQS says whole seconds; moto says fractions of them, too.
  const time = (name: string) => {
    const seconds = raw[name]
    return seconds === undefined || !/^\d+(\.\d+)?$/.test(seconds)
      ? undefined
      : Math.floor(Number(seconds) * 1000)
  }
  const reuse = number('KmsDataKeyReusePeriodSeconds')
  return {
    arn: raw.QueueArn ?? '',
    visibilitySeconds: number(names.visibilitySeconds),
    retentionSeconds: number(names.retentionSeconds),
    maximumMessageSize: number(names.maximumMessageSize),
    waitSeconds: number(names.waitSeconds),
    delaySeconds: number(names.delaySeconds),
    ...(raw[names.redrivePolicy] ? { redrivePolicy: raw[names.redrivePolicy] } : {}),
    encryption: raw.KmsMasterKeyId ? 'kms' : raw.SqsManagedSseEnabled === 'true' ? 'sqs' : 'none',
    ...(raw.KmsMasterKeyId ? { kmsKey: raw.KmsMasterKeyId } : {}),
    ...(raw.KmsMasterKeyId && reuse !== undefined ? { kmsReuseSeconds: reuse } : {}),
    visible: number('ApproximateNumberOfMessages'),
    notVisible: number('ApproximateNumberOfMessagesNotVisible'),
    delayed: number('ApproximateNumberOfMessagesDelayed'),
    createdAt: time('CreatedTimestamp'),
    modifiedAt: time('LastModifiedTimestamp'),
  }
}

export function writeSettings(settings: QueueSettings): Record<string, string> {
  const entries = Object.entries(settings).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries.map(([key, value]) => [names[key as keyof QueueSettings], String(value)]))
}
