import { keyOfAws } from './iamPolicy.ts'
import type { QueueAttributes } from './queueAttributes.ts'
import { type QueueRole, queueRoles } from './setUp.ts'

/** AWS's list prices of KMS in most regions (2026), US dollars: a month for a key that is not AWS's own, */
const dollarsPerKey = 1
/** and per request; the first 20,000 of each month are free, which is not counted here. */
const dollarsPerRequest = 0.03 / 10_000

/** SQS's own default of `KmsDataKeyReusePeriodSeconds`. */
const usualReuseSeconds = 300

/** What the encryption of an environment's queues costs in 30 days without commands. */
export interface KmsPrice {
  /** Keys of the account's own. AWS's costs nothing by itself. */
  readonly ownKeys: number
  readonly requests: number
  /** US dollars, keys and requests. */
  readonly dollars: number
}

type KeyOfQueue = Pick<QueueAttributes, 'kmsKey' | 'kmsReuseSeconds'>

/**
 * Requests to KMS by the formula of AWS (“Key management” in the developer guide of SQS): two for each principal that sends and
 * one for each that receives, in each period for which SQS uses a data key again. Sessions of one role are one principal. While
 * nobody commands, only facts are sent: by the role of the servers to the masters.
 * @param queues attributes, as far as they could be read
 * @returns undefined where no queue has a key of KMS
 */
export function kmsPrice(queues: Readonly<Partial<Record<QueueRole, KeyOfQueue>>>): KmsPrice | undefined {
  const keys = new Set(queueRoles.flatMap((role) => nameOf(queues[role]?.kmsKey) ?? []))
  if (keys.size === 0) return undefined
  const ownKeys = [...keys].filter((key) => key !== keyOfAws).length
  const { kmsKey, kmsReuseSeconds = usualReuseSeconds } = queues.facts ?? {}
  const periods = kmsKey === undefined ? 0 : Math.ceil((30 * 24 * 3600) / Math.max(1, kmsReuseSeconds))
  const requests = periods * (2 + 1)
  return { ownKeys, requests, dollars: ownKeys * dollarsPerKey + requests * dollarsPerRequest }
}

/** Without what an ARN says before it; an alias and the ID of its key cannot be told to be the same. */
function nameOf(key: string | undefined): string | undefined {
  return key?.replace(/^arn:.*:(?:key\/)?/, '')
}
