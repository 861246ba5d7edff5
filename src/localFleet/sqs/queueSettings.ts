import { Refusal } from './refusal.ts'

/** The settings that apply to messages. */
export interface QueueSettingValues {
  readonly visibilitySeconds: number
  readonly retentionSeconds: number
  /** Of one message, bytes. */
  readonly maximumMessageSize: number
  readonly waitSeconds: number
  readonly delaySeconds: number
}

/** SQS's names, defaults and ranges (API reference of CreateQueue). */
const numbers: Readonly<
  Record<string, { name: keyof QueueSettingValues; usual: number; least: number; most: number }>
> = {
  VisibilityTimeout: { name: 'visibilitySeconds', usual: 30, least: 0, most: 43_200 },
  MessageRetentionPeriod: { name: 'retentionSeconds', usual: 345_600, least: 60, most: 1_209_600 },
  MaximumMessageSize: { name: 'maximumMessageSize', usual: 1_048_576, least: 1_024, most: 1_048_576 },
  ReceiveMessageWaitTimeSeconds: { name: 'waitSeconds', usual: 0, least: 0, most: 20 },
  DelaySeconds: { name: 'delaySeconds', usual: 0, least: 0, most: 900 },
}

/** Stored and returned, without any effect. An empty value removes one. */
const texts = ['Policy', 'RedrivePolicy', 'RedriveAllowPolicy', 'KmsMasterKeyId', 'SqsManagedSseEnabled']

/** The attributes of a queue as in SQS: names and values are text. */
export type QueueAttributeTexts = Readonly<Record<string, string>>

export const usualSettings: QueueAttributeTexts = {
  ...Object.fromEntries(Object.entries(numbers).map(([name, { usual }]) => [name, String(usual)])),
  SqsManagedSseEnabled: 'true',
}

/**
 * @returns the attributes with the changes
 * @throws Refusal when one is unknown, or its value is not in its range
 */
export function changeSettings(
  before: QueueAttributeTexts,
  changes: QueueAttributeTexts,
): QueueAttributeTexts {
  for (const [name, value] of Object.entries(changes)) {
    const range = numbers[name]
    if (range === undefined && !texts.includes(name)) {
      throw new Refusal('InvalidAttributeName', `Unknown Attribute ${name}.`)
    }
    if (range === undefined) continue
    const isNumber = /^\d{1,9}$/.test(value)
    if (!isNumber || Number(value) < range.least || Number(value) > range.most) {
      throw new Refusal('InvalidAttributeValue', `Invalid value for the parameter ${name}.`)
    }
  }
  return Object.fromEntries(Object.entries({ ...before, ...changes }).filter(([, value]) => value !== ''))
}

export function settingValues(attributes: QueueAttributeTexts): QueueSettingValues {
  const values = Object.entries(numbers).map(([text, { name, usual }]) => [
    name,
    Number(attributes[text] ?? usual),
  ])
  return Object.fromEntries(values) as unknown as QueueSettingValues
}
