import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Delivery } from '../../../../agent/src/replies/delivery.ts'
import { SpooledReply } from '../../../../agent/src/store/spooledReply.ts'
import { createSender } from '../../../../src/queues/sender.ts'

let directory: string
let reply: SpooledReply

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'delivery-'))
  reply = new SpooledReply(join(directory, 'reply'))
})

afterEach(() => {
  reply.close()
  rmSync(directory, { recursive: true, force: true })
})

function spool(bodies: readonly string[], result?: string): void {
  for (const body of bodies) reply.append({ kind: 'output', body })
  if (result !== undefined) reply.append({ kind: 'result', body: result })
}

const numbered = (count: number, length = 10) =>
  Array.from({ length: count }, (_, index) => String(index).padEnd(length, '.'))

/** Sends that are answered when the test says so. */
function slowQueue() {
  const sent: string[] = []
  const answers: Array<{ resolve: () => void; reject: (error: Error) => void }> = []
  return {
    sent,
    underWay: () => answers.length,
    send: (body: string) =>
      new Promise<void>((resolve, reject) => {
        sent.push(body)
        answers.push({ resolve, reject })
      }),
    async accept(count: number) {
      for (const { resolve } of answers.splice(0, count)) resolve()
      await turn()
    },
    async refuse() {
      answers.shift()?.reject(new Error('there is no such queue'))
      await turn()
    },
  }
}

describe('the delivery of a reply', () => {
  it('fills each request with what it holds', async () => {
    spool(numbered(10, 262_000), 'result')
    const batches: number[] = []
    const queues = {
      async sendBatch(_queue: string, bodies: readonly string[]) {
        batches.push(bodies.length)
        await turn()
        return bodies.map(() => ({ messageId: 'id' }))
      },
    }
    const sender = createSender(queues, 'testing_agent', { signal: new AbortController().signal })
    await new Delivery(reply, (body) => sender.send(body)).done
    expect(batches).toEqual([4, 4, 3])
  })

  it('has the next request under way while one is answered, two at most, and reads no more than these', async () => {
    const bodies = numbered(45)
    spool(bodies, 'result')
    const queue = slowQueue()
    let read = 0
    const original = reply.body.bind(reply)
    reply.body = (index) => {
      read += 1
      return original(index)
    }
    const delivery = new Delivery(reply, queue.send)
    expect([queue.underWay(), read]).toEqual([20, 20])
    while (queue.underWay() > 0) {
      await queue.accept(10)
      expect(queue.underWay()).toBeLessThanOrEqual(20)
      expect(read).toBe(queue.sent.length)
    }
    await delivery.done
    expect(queue.sent).toEqual([...bodies, 'result'])
  })

  it('goes on with what comes later, and ends with the result', async () => {
    const queue = slowQueue()
    const delivery = new Delivery(reply, queue.send)
    spool(['first'])
    delivery.wake()
    await turn()
    spool(['second'])
    delivery.wake()
    await turn()
    expect(queue.sent).toEqual(['first', 'second'])
    spool(['third'], 'result')
    delivery.wake()
    await turn()
    expect(queue.underWay()).toBe(2)
    await queue.accept(1)
    expect(queue.sent).toEqual(['first', 'second', 'third', 'result'])
    await queue.accept(3)
    await delivery.done
  })

  it('ends when a body cannot be sent', async () => {
    spool(numbered(30))
    const queue = slowQueue()
    const delivery = new Delivery(reply, queue.send)
    await queue.refuse()
    await expect(delivery.done).rejects.toThrow('there is no such queue')
    reply.close()
    await queue.accept(19)
    expect(queue.sent.length).toBe(20)
  })
})
