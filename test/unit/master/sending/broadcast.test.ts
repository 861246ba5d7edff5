import { describe, expect, it } from 'vitest'
import { Broadcast } from '../../../../src/master/sending/broadcast.ts'
import type { CommandMessage } from '../../../../src/protocol/messages.ts'
import type { ReceivedMessage } from '../../../../src/queues/queues.ts'
import { playedQueues, receivedBody } from '../../../support/playedQueues.ts'

const command: CommandMessage = {
  ...{ type: 'command', runId: 'run-of-a-test', environment: 'testing', issuedAt: 0, ttlMs: 10_000 },
  ...{ issuer: { name: 'ada', host: 'laptop' }, replyTo: 'testing_agent', filter: '*' },
  ...{ action: { kind: 'ping' }, timeoutMs: 1_000 },
}

describe('A command that is over', () => {
  it('is taken off the queue in one reading, and others put back, when SQS brings one message at a time', async () => {
    const visible: ReceivedMessage[] = Array.from({ length: 9 }, (_, n) => receivedBody(`of others ${n}`))
    const hidden: ReceivedMessage[] = []
    let readings = 0
    const queues = playedQueues({
      send: async (_queue, body) => {
        visible.push(receivedBody(body, 'ours'))
        return { messageId: 'ours' }
      },
      receive: async () => {
        const brought = visible.splice(0, 1)
        hidden.push(...brought)
        return brought
      },
      delete: async (_queue, messages) => {
        for (const message of messages) hidden.splice(hidden.indexOf(message), 1)
      },
      release: async (_queue, messages) => {
        readings += 1
        for (const message of messages) visible.push(...hidden.splice(hidden.indexOf(message), 1))
      },
    })
    const broadcast = new Broadcast(queues, 'testing_master', undefined)
    expect(await broadcast.publish(command, new AbortController().signal)).toBe('sent')
    expect(await broadcast.withdraw()).toBe(0)
    expect(readings).toBe(1)
    expect(visible.map(({ messageId }) => messageId).toSorted()).toEqual(
      Array.from({ length: 9 }, (_, n) => `of others ${n}`),
    )
  })
})
