import type { SweepTime } from '../../src/master/fleet/sweepTime.ts'
import type { QueueAttributes } from '../../src/queues/queueAttributes.ts'
import type { Queues, ReceivedMessage } from '../../src/queues/queues.ts'
import type { Dice } from './faults/dice.ts'
import { emptyQueue } from './playedQueues.ts'

export interface ModelOptions {
  readonly time: SweepTime
  readonly dice: Dice
  /** From here to SQS and back, milliseconds. */
  readonly roundTripMs?: number
  /** Messages of a receive, at most. */
  readonly most?: number
  /** Messages are spread over so many servers, of which a short poll asks some; a long poll asks all. */
  readonly servers?: { readonly all: number; readonly asked: number }
  /** The share of short polls that bring nothing at all. */
  readonly empty?: number
  /** What counts are multiplied with. */
  readonly counts?: number
}

/** A queue of facts in memory, as SQS keeps it: of what is there a receive sees a part, and counts are wrong. */
export interface ModelQueue {
  readonly queues: Pick<Queues, 'receive' | 'attributes' | 'delete' | 'release'>
  /** Puts a message there. */
  put(messageId: string, body?: string): void
  /** Ids of the messages that are there. */
  readonly messageIds: readonly string[]
  readonly requests: number
}

interface Kept {
  readonly message: ReceivedMessage
  readonly server: number
  hiddenUntil: number
}

/** Sent times are those of `time`. */
export function createModelQueue({
  time,
  dice,
  roundTripMs = 20,
  most = 10,
  servers = { all: 20, asked: 20 },
  empty = 0,
  counts = 1,
}: ModelOptions): ModelQueue {
  const kept = new Map<string, Kept>()
  const visible: Kept[] = []
  const hidden = new Set<Kept>()
  let nextVisibleAt = Number.POSITIVE_INFINITY
  const waiting = new Set<() => void>()
  let requests = 0
  const way = () => time.pause(roundTripMs / 2)
  const request = async <T>(work: () => T | Promise<T>) => {
    requests += 1
    await way()
    const answer = await work()
    await way()
    return answer
  }
  const show = (one: Kept) => {
    hidden.delete(one)
    visible.push(one)
  }
  const showDue = () => {
    if (time.now() < nextVisibleAt) return
    nextVisibleAt = Number.POSITIVE_INFINITY
    for (const one of hidden) {
      if (one.hiddenUntil <= time.now()) show(one)
      else nextVisibleAt = Math.min(nextVisibleAt, one.hiddenUntil)
    }
  }
  const takeVisible = (isShort: boolean, max: number, visibilitySeconds: number) => {
    showDue()
    if (isShort && dice.chance(empty)) return []
    const first = dice.between([0, servers.all - 1])
    const isAsked = ({ server }: Kept) =>
      !isShort || (server - first + servers.all) % servers.all < servers.asked
    const found: ReceivedMessage[] = []
    let index = dice.between([0, Math.max(0, visible.length - 1)])
    for (let left = visible.length; left > 0 && found.length < max; left -= 1) {
      index = index >= visible.length ? 0 : index
      const one = visible[index] as Kept
      if (isAsked(one)) {
        visible[index] = visible.at(-1) as Kept
        visible.pop()
        one.hiddenUntil = time.now() + visibilitySeconds * 1000
        hidden.add(one)
        nextVisibleAt = Math.min(nextVisibleAt, one.hiddenUntil)
        found.push(one.message)
      } else index += 1
    }
    return found
  }
  const wake = () => {
    for (const resolve of waiting) resolve()
    waiting.clear()
  }
  const queues: ModelQueue['queues'] = {
    receive: (_queue, { waitSeconds, visibilitySeconds }) =>
      request(async () => {
        const until = time.now() + waitSeconds * 1000
        for (;;) {
          const found = takeVisible(waitSeconds === 0, most, visibilitySeconds)
          if (found.length > 0 || time.now() >= until) return found
          await Promise.race([
            time.pause(until - time.now()),
            new Promise<void>((resolve) => waiting.add(resolve)),
          ])
        }
      }),
    attributes: () =>
      request((): QueueAttributes => {
        showDue()
        const told = (number: number) => Math.floor(number * counts)
        return { ...emptyQueue, visible: told(visible.length), notVisible: told(hidden.size) }
      }),
    delete: async (_queue, messages) => {
      if (messages.length === 0) return
      requests += Math.ceil(messages.length / 10) - 1
      await request(() => {
        for (const { messageId } of messages) {
          const one = kept.get(messageId)
          kept.delete(messageId)
          if (one === undefined || hidden.delete(one)) continue
          visible.splice(visible.indexOf(one), 1)
        }
      })
    },
    release: async (_queue, messages) => {
      if (messages.length === 0) return
      requests += Math.ceil(messages.length / 10) - 1
      await request(() => {
        for (const { messageId } of messages) {
          const one = kept.get(messageId)
          if (one !== undefined && hidden.has(one)) show(one)
        }
        wake()
      })
    },
  }
  return {
    queues,
    put(messageId, body = messageId) {
      const message = { messageId, body, receiptHandle: messageId, sentAt: time.now() }
      const one: Kept = {
        message: { ...message, senderId: undefined, receiveCount: 1 },
        server: dice.between([0, servers.all - 1]),
        hiddenUntil: 0,
      }
      kept.set(messageId, one)
      show(one)
      wake()
    },
    get messageIds() {
      return [...kept.keys()]
    },
    get requests() {
      return requests
    },
  }
}
