import { printPrice } from '../queues/price.ts'
import type { Detail } from '../text/detail.ts'
import { localize } from '../text/localizable.ts'
import type { Translate } from '../text/translate.ts'
import type { CommandCost } from './commandCost.ts'

/**
 * A command that costs less is not worth a line, billed requests: a cent, for which an idle agent is there for three days. One
 * message of up to 64 KB for up to 3,500 agents costs less.
 */
const notableRequests = 25_000

/** What a command takes and costs, for people; nothing where it is one message of up to 64 KB that costs less than a cent. */
export function costDetails(cost: CommandCost | undefined, t: Translate): Detail[] {
  if (cost === undefined) return []
  if (cost.kind === 'too-large') return [{ name: t('Cannot be sent'), value: localize(cost.why, t) }]
  const { messages, bytes, isLarge, requests } = cost
  if (!isLarge && requests.least < notableRequests) return []
  const size = `${Math.ceil(bytes / 1024).toLocaleString('en')} KB`
  const [least, most] = [requests.least, requests.most].map((count) => Math.round(count).toLocaleString('en'))
  const price = [printPrice(requests.least, t), printPrice(requests.most, t)] as const
  const value =
    messages === 1
      ? t(
          '1 message of {0}. SQS bills {1} to {2} requests for it, {3} to {4}.',
          size,
          `${least}`,
          `${most}`,
          ...price,
        )
      : t(
          '{0} messages, {1} together. SQS bills {2} to {3} requests for them, {4} to {5}.',
          messages.toLocaleString('en'),
          size,
          `${least}`,
          `${most}`,
          ...price,
        )
  return [{ name: t('Size and cost'), value }]
}
