import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MessageQueue, type Receive, type Received } from '../../../../src/localFleet/sqs/messageQueue.ts'
import { settingValues } from '../../../../src/localFleet/sqs/queueSettings.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

function newQueue(attributes: Readonly<Record<string, string>> = {}): MessageQueue {
  const settings = settingValues(attributes)
  return new MessageQueue(() => settings)
}

function send(queue: MessageQueue, ...bodies: string[]): void {
  queue.send(bodies.map((body) => ({ body, senderId: 'AIDAADA' })))
}

/** Short of anything else: 10 messages, hidden for 30 s, at once. */
function receive(queue: MessageQueue, options: Partial<Receive> = {}, signal = new AbortController().signal) {
  return queue.receive({ max: 10, visibilitySeconds: 30, waitSeconds: 0, ...options }, signal)
}

const bodies = (messages: readonly Received[]) => messages.map(({ body }) => body)

describe('receiving', () => {
  it('hides a message from others for the visibility timeout, and counts it as not visible', async () => {
    const queue = newQueue()
    send(queue, 'one', 'two')
    expect(bodies(await receive(queue, { max: 1 }))).toEqual(['one'])
    expect(queue.counts).toEqual({ visible: 1, notVisible: 1, delayed: 0 })
    expect(bodies(await receive(queue))).toEqual(['two'])
    vi.advanceTimersByTime(29_999)
    expect(await receive(queue)).toEqual([])
    vi.advanceTimersByTime(1)
    expect(bodies(await receive(queue))).toEqual(['one', 'two'])
  })

  it('hides nothing with visibility 0, and shows first what was not received for the longest', async () => {
    const queue = newQueue()
    send(queue, 'one', 'two', 'three')
    expect(bodies(await receive(queue, { max: 2, visibilitySeconds: 0 }))).toEqual(['one', 'two'])
    expect(queue.counts).toEqual({ visible: 3, notVisible: 0, delayed: 0 })
    expect(bodies(await receive(queue, { visibilitySeconds: 0 }))).toEqual(['three', 'one', 'two'])
  })

  it('tells who sent it and when, how often it was received, and when first', async () => {
    const queue = newQueue()
    send(queue, 'one')
    vi.advanceTimersByTime(500)
    await receive(queue, { visibilitySeconds: 0 })
    vi.advanceTimersByTime(500)
    const [message] = await receive(queue, { visibilitySeconds: 0 })
    expect(message).toMatchObject({
      ...{ senderId: 'AIDAADA', sentAt: 1_000_000, firstReceivedAt: 1_000_500, receiveCount: 2 },
    })
  })
})

describe('waiting for messages', () => {
  it('ends with the next message, which goes to the one who waits longest', async () => {
    const queue = newQueue()
    const [first, second] = [receive(queue, { waitSeconds: 20 }), receive(queue, { waitSeconds: 20 })]
    send(queue, 'one')
    expect(bodies(await first)).toEqual(['one'])
    send(queue, 'two')
    expect(bodies(await second)).toEqual(['two'])
  })

  it('brings a message to all who wait when none of them hides it', async () => {
    const queue = newQueue()
    const waiting = Array.from({ length: 5 }, () => receive(queue, { waitSeconds: 20, visibilitySeconds: 0 }))
    send(queue, 'to all')
    expect((await Promise.all(waiting)).flatMap(bodies)).toEqual(Array(5).fill('to all'))
  })

  it('brings the messages of one batch together', async () => {
    const queue = newQueue()
    const waiting = receive(queue, { waitSeconds: 20 })
    send(queue, 'one', 'two', 'three')
    expect(bodies(await waiting)).toEqual(['one', 'two', 'three'])
  })

  it('ends with nothing when the time is over', async () => {
    const queue = newQueue()
    const waiting = receive(queue, { waitSeconds: 20 })
    vi.advanceTimersByTime(20_000)
    expect(await waiting).toEqual([])
    send(queue, 'late')
    expect(queue.counts.visible).toBe(1)
  })

  it('ends with a message whose visibility timeout or delay is over', async () => {
    const queue = newQueue()
    send(queue, 'hidden')
    await receive(queue, { visibilitySeconds: 5 })
    const waiting = receive(queue, { waitSeconds: 20 })
    vi.advanceTimersByTime(5_000)
    expect(bodies(await waiting)).toEqual(['hidden'])
    queue.send([{ body: 'delayed', senderId: '', delaySeconds: 3 }])
    expect(queue.counts).toEqual({ visible: 0, notVisible: 1, delayed: 1 })
    const next = receive(queue, { waitSeconds: 20 })
    vi.advanceTimersByTime(3_000)
    expect(bodies(await next)).toEqual(['delayed'])
  })

  it('leaves the message to others when the caller has gone', async () => {
    const queue = newQueue()
    const gone = new AbortController()
    const waiting = receive(queue, { waitSeconds: 20 }, gone.signal)
    gone.abort()
    expect(await waiting).toEqual([])
    send(queue, 'one')
    expect(bodies(await receive(queue))).toEqual(['one'])
  })

  it('ends with nothing when the queue is deleted', async () => {
    const queue = newQueue()
    const waiting = receive(queue, { waitSeconds: 20 })
    queue.close()
    expect(await waiting).toEqual([])
  })
})

describe('deleting', () => {
  it('takes the handle of the latest receive, also after the visibility timeout', async () => {
    const queue = newQueue()
    send(queue, 'one')
    const [message] = await receive(queue, { visibilitySeconds: 1 })
    vi.advanceTimersByTime(1_000)
    queue.delete(message?.receiptHandle ?? '')
    expect(queue.counts).toEqual({ visible: 0, notVisible: 0, delayed: 0 })
  })

  it('with the handle of an earlier receive deletes nothing, without an error', async () => {
    const queue = newQueue()
    send(queue, 'one')
    const [earlier] = await receive(queue, { visibilitySeconds: 0 })
    await receive(queue, { visibilitySeconds: 0 })
    queue.delete(earlier?.receiptHandle ?? '')
    expect(queue.counts.visible).toBe(1)
  })

  it('twice is fine; with what is no handle it is refused', async () => {
    const queue = newQueue()
    send(queue, 'one')
    const [message] = await receive(queue)
    queue.delete(message?.receiptHandle ?? '')
    queue.delete(message?.receiptHandle ?? '')
    expect(() => queue.delete('probe')).toThrow('The input receipt handle is invalid.')
  })
})

describe('changing the visibility', () => {
  it('shows a message at once, or hides it for longer', async () => {
    const queue = newQueue()
    send(queue, 'one')
    const [message] = await receive(queue)
    const handle = message?.receiptHandle ?? ''
    queue.changeVisibility(handle, 60)
    vi.advanceTimersByTime(30_000)
    expect(queue.counts.notVisible).toBe(1)
    queue.changeVisibility(handle, 0)
    expect(queue.counts.visible).toBe(1)
  })

  it('brings what is put back to those who wait', async () => {
    const queue = newQueue()
    send(queue, 'one')
    const [message] = await receive(queue)
    const waiting = receive(queue, { waitSeconds: 20 })
    queue.changeVisibility(message?.receiptHandle ?? '', 0)
    expect(bodies(await waiting)).toEqual(['one'])
  })

  it('is refused for messages that are visible or gone', async () => {
    const queue = newQueue()
    send(queue, 'one')
    const [message] = await receive(queue, { visibilitySeconds: 0 })
    const change = () => queue.changeVisibility(message?.receiptHandle ?? '', 0)
    expect(change).toThrow('not available for visibility timeout change')
    queue.delete(message?.receiptHandle ?? '')
    expect(change).toThrow('not available for visibility timeout change')
  })
})

describe('the retention', () => {
  it('ends a message, received or not, however often it was put back', async () => {
    const queue = newQueue({ MessageRetentionPeriod: '60' })
    send(queue, 'old')
    await receive(queue, { visibilitySeconds: 0 })
    vi.advanceTimersByTime(30_000)
    send(queue, 'young')
    await receive(queue, { max: 1, visibilitySeconds: 50 })
    vi.advanceTimersByTime(30_000)
    expect(bodies(await receive(queue))).toEqual(['young'])
    expect(queue.counts).toEqual({ visible: 0, notVisible: 1, delayed: 0 })
  })
})

describe('a message that is older than the retention', () => {
  it('is gone, also while it is hidden, and that is told once', async () => {
    const expired: string[] = []
    const settings = settingValues({ MessageRetentionPeriod: '60' })
    const queue = new MessageQueue(
      () => settings,
      Date.now,
      (body) => expired.push(body),
    )
    send(queue, 'hidden', 'visible')
    await receive(queue, { max: 1, visibilitySeconds: 600 })
    vi.advanceTimersByTime(60_001)
    expect(await receive(queue)).toEqual([])
    expect(expired).toEqual(['hidden', 'visible'])
    expect(queue.counts).toEqual({ visible: 0, notVisible: 0, delayed: 0 })
  })
})
