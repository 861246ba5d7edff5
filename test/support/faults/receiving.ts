import { setTimeout as delay } from 'node:timers/promises'
import type { Dice, Range } from './dice.ts'
import { type Rule, rulesFor, strike } from './faultPlan.ts'
import type { Ghosts } from './ghosts.ts'
import type { Upstream } from './upstream.ts'
import {
  answerOk,
  answerWith,
  requestWith,
  type WireAnswer,
  type WireMessage,
  type WireRequest,
} from './wire.ts'

export interface Receiving {
  readonly upstream: Upstream
  readonly ghosts: Ghosts
  readonly rules: Iterable<Rule>
  readonly dice: Dice
  /** Dice that are the same for a whole spell of time. */
  readonly spell: (name: string) => Dice
  /** The queue's retention, milliseconds. */
  readonly retentionMs: () => Promise<number>
  readonly count: (fault: string) => void
  readonly onExpired: (queue: string, message: WireMessage) => void
  readonly signal: AbortSignal
}

/** While ghosts may appear, a long poll looks for them so often, seconds. */
const ghostlyWaitSeconds = 2

/** After an answer from which nothing was left, milliseconds: SQS would not have answered yet. */
const pauseMs = 100

/** A receive in which messages are left out, doubled, late, old or undead. Waits as long as it was asked to. */
export async function receiveWithFaults(request: WireRequest, receiving: Receiving): Promise<WireAnswer> {
  const { ghosts, rules, upstream, signal } = receiving
  const { queue, input } = request
  const { WaitTimeSeconds = 0, MaxNumberOfMessages = 1, VisibilityTimeout = 30 } = input
  if (WaitTimeSeconds === 0 && strike(rules, 'empty', request, receiving.dice) !== undefined) {
    receiving.count('empty')
    return answerOk({ Messages: [] })
  }
  const room = roomFor(request, MaxNumberOfMessages, receiving)
  const deadline = Date.now() + WaitTimeSeconds * 1000
  const isHaunted = [...rules].some(({ fault }) => fault.kind === 'again' || fault.kind === 'undelete')
  const gone = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  gone.catch(() => {})
  for (;;) {
    const risen = ghosts.receive(queue, room, VisibilityTimeout * 1000, Date.now())
    const leftMs = Math.max(0, deadline - Date.now())
    const waitMs = risen.length > 0 ? 0 : Math.min(leftMs, ghosts.nextIn(queue, Date.now()))
    const wait = Math.min(Math.ceil(waitMs / 1000), isHaunted ? ghostlyWaitSeconds : 20)
    const asked = requestWith(request, { ...input, WaitTimeSeconds: wait, MaxNumberOfMessages: room })
    const answer = await poll(asked, upstream, gone)
    if (answer.status !== 200) return answer
    const found = messagesOf(answer)
    const kept = await sift(request, found, receiving)
    const messages = [...risen, ...kept].slice(0, room)
    if (messages.length > 0 || Date.now() >= deadline) {
      return answerWith(answer, { Messages: disorder(request, messages, room, receiving) })
    }
    if (found.length > 0) await delay(Math.min(pauseMs, leftMs), undefined, { signal })
  }
}

/** Messages that the answer may hold. */
function roomFor(request: WireRequest, asked: number, { rules, dice, spell, count }: Receiving): number {
  const few = strike(rules, 'few', request, dice)
  const most = ({ most, spellMs }: { readonly most: Range; readonly spellMs?: number }) => {
    const name = `few ${request.queue} ${Math.floor(Date.now() / (spellMs ?? 1))}`
    return (spellMs === undefined ? dice : spell(name)).between(most)
  }
  if (few === undefined) return asked
  const room = Math.min(asked, 'sizes' in few ? (dice.shuffled(few.sizes)[0] ?? asked) : most(few))
  if (room < asked) count('few')
  return room
}

/**
 * One receive. SQS notices when a caller has gone; behind the proxy it would go on waiting for it: so what a poll brings
 * whose caller has gone is put back.
 */
async function poll(request: WireRequest, upstream: Upstream, gone: Promise<never>): Promise<WireAnswer> {
  const polling = upstream.forward(request)
  try {
    return await Promise.race([polling, gone])
  } catch (error) {
    const putBack = polling.then(async (answer) => {
      for (const message of messagesOf(answer)) await release(request, message, upstream)
    })
    putBack.catch(() => {})
    throw error
  }
}

async function release(request: WireRequest, message: WireMessage, upstream: Upstream): Promise<void> {
  const { QueueUrl = '', VisibilityTimeout } = request.input
  if (VisibilityTimeout === 0) return
  const shown = { QueueUrl, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: 0 }
  await upstream.forward(requestWith(request, shown, 'ChangeMessageVisibility'))
}

function messagesOf(answer: WireAnswer): WireMessage[] {
  if (answer.status !== 200) return []
  return (JSON.parse(answer.body.toString('utf8')) as { Messages?: WireMessage[] }).Messages ?? []
}

/** What is left when the expired and those that this receive does not meet are gone. */
async function sift(
  request: WireRequest,
  found: readonly WireMessage[],
  { rules, dice, retentionMs, upstream, ghosts, count, onExpired }: Receiving,
): Promise<WireMessage[]> {
  const expire = strike(rules, 'expire', request, dice)
  const oldest = expire === undefined ? 0 : Date.now() - (expire.afterMs ?? (await retentionMs()))
  const again = rulesFor(rules, 'again', request)
  const samples = rulesFor(rules, 'sample', request)
  const kept: WireMessage[] = []
  for (const message of found) {
    if (Number(message.Attributes?.SentTimestamp) < oldest) {
      count('expire')
      onExpired(request.queue, message)
      const { QueueUrl = '' } = request.input
      await upstream.forward(
        requestWith(request, { QueueUrl, ReceiptHandle: message.ReceiptHandle }, 'DeleteMessage'),
      )
    } else if (samples.some(({ chance }) => dice.chance(chance))) {
      count('sample')
      await release(request, message, upstream)
    } else {
      kept.push(message)
      const ghost = again.find(({ chance }) => dice.chance(chance))
      if (ghost === undefined) continue
      const at = Date.now() + dice.between(ghost.fault.afterMs)
      if (ghosts.add(request.queue, message, at, true)) count('again')
    }
  }
  return kept
}

function disorder(
  request: WireRequest,
  messages: readonly WireMessage[],
  room: number,
  { rules, dice, count }: Receiving,
): WireMessage[] {
  const twice = rulesFor(rules, 'twice', request)
  const doubled = messages
    .filter(() => twice.some(({ chance }) => dice.chance(chance)))
    .slice(0, room - messages.length)
  for (const _ of doubled) count('twice')
  const all = [...messages, ...doubled]
  if (all.length < 2 || strike(rules, 'shuffle', request, dice) === undefined) return all
  count('shuffle')
  return dice.shuffled(all)
}
