import * as v from 'valibot'
import { say } from '../text/localizable.ts'
import type { Environment } from './environment.ts'
import type { QueueSettings, QueueTags } from './queueAttributes.ts'
import { QueueError } from './queueError.ts'
import type { Queues } from './queues.ts'

/** What a queue is for, as its tag says it. */
export type QueuePurpose = 'commands' | 'replies' | 'facts' | 'private-replies'

/** The keys of our tags. */
export const tagKeys = {
  product: 'ec2-collective:product',
  environment: 'ec2-collective:environment',
  purpose: 'ec2-collective:purpose',
  /** Who created it, according to AWS: an ARN. */
  owner: 'ec2-collective:owner',
  /** When its master used it: an ISO 8601 time, at most a day too early. */
  lastUsed: 'ec2-collective:last-used',
} as const

/** SQS: tags of a queue, of which five are ours. */
const mostTags = 50 - Object.keys(tagKeys).length
const notOfTag = /[^\p{L}\p{N}\p{Zs}_.:/=+\-@]/gu
const isTagText = (text: string, least: number, most: number) =>
  text.length >= least && text.length <= most && text.replaceAll(notOfTag, '') === text
const keyText = say(
  'a tag key: 1 to 128 letters, digits, spaces and _ . : / = + - @, not of AWS, nor one of ours',
)
const valueText = say('a tag value: at most 256 letters, digits, spaces and _ . : / = + - @')

/** Tags that an organisation demands: additional to ours. */
export const ExtraTags = v.pipe(
  v.record(
    v.pipe(
      v.string(),
      v.check((key) => isTagText(key, 1, 128) && !/^(aws|ec2-collective):/i.test(key), keyText.text),
    ),
    v.pipe(
      v.string(valueText.text),
      v.metadata({ isAnyScalar: true }),
      v.check((value) => isTagText(value, 0, 256), valueText.text),
    ),
    say('tags, as in CostCenter: "42"').text,
  ),
  v.check((tags) => Object.keys(tags).length <= mostTags, say('at most 45 tags').text),
)

/** The tags that a queue of this environment has. @param owner as AWS says it, where that is known */
export function queueTags(
  { name, tags }: Pick<Environment, 'name' | 'tags'>,
  purpose: QueuePurpose,
  owner?: string,
): QueueTags {
  return {
    ...tags,
    [tagKeys.product]: 'EC2 Collective',
    [tagKeys.environment]: name,
    [tagKeys.purpose]: purpose,
    ...(owner === undefined ? {} : { [tagKeys.owner]: tagValue(owner) }),
  }
}

/** A text as the value of a tag: other characters are `_`, and what is beyond 256 is cut. */
export function tagValue(text: string): string {
  return Array.from(text.replaceAll(notOfTag, '_')).slice(0, 256).join('')
}

/** Those of the wanted tags that a queue lacks, or has with another value. */
export function missingTags(has: QueueTags, wanted: QueueTags): QueueTags {
  return Object.fromEntries(Object.entries(wanted).filter(([key, value]) => has[key] !== value))
}

/**
 * Creates a queue with tags; without them where they are refused: not everybody who may create a queue may tag it, and other
 * engines know no tags.
 * @throws QueueError as `create`
 */
export async function createTagged(
  queues: Pick<Queues, 'create'>,
  queue: string,
  settings: QueueSettings,
  tags: QueueTags,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await queues.create(queue, settings, signal, tags)
  } catch (error) {
    if (!(error instanceof QueueError) || !areRefused(error)) throw error
    await queues.create(queue, settings, signal)
  }
}

function areRefused({ kind, code }: QueueError): boolean {
  return kind === 'forbidden' || code === 'UnsupportedOperation' || code === 'InvalidParameterValue'
}

/** @returns undefined where they cannot be read, although the queue is there. @throws QueueError */
export async function readTags(
  queues: Pick<Queues, 'tags'>,
  queue: string,
  signal?: AbortSignal,
): Promise<QueueTags | undefined> {
  try {
    return await queues.tags(queue, signal)
  } catch (error) {
    if (!(error instanceof QueueError) || error.action !== 'sqs:ListQueueTags') throw error
    if (['missing-queue', 'network', 'throttled', 'credentials'].includes(error.kind)) throw error
    return undefined
  }
}
