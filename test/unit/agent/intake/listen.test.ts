import { describe, expect, it } from 'vitest'
import { listen } from '../../../../agent/src/intake/listen.ts'
import type { ReceivedMessage } from '../../../../src/queues/queues.ts'

const message = (messageId: string): ReceivedMessage => ({
  messageId,
  body: '',
  receiptHandle: '',
  sentAt: 0,
  senderId: undefined,
  receiveCount: 1,
})

describe('listening', () => {
  it('hands on each message once, however often it is received, and hides none from others', async () => {
    const answers = [['a', 'b', 'a'], ['a', 'b'], ['b', 'c'], ['a']]
    const heard: string[] = []
    const stopping = new AbortController()
    const queues = {
      async receive(_queue: string, options: { waitSeconds: number; visibilitySeconds: number }) {
        expect(options).toMatchObject({ waitSeconds: 20, visibilitySeconds: 0 })
        const answer = answers.shift()
        if (answer === undefined) stopping.abort()
        return (answer ?? []).map(message)
      },
    }
    const listening = {
      queues,
      queue: 'testing_master',
      pollIntervalMs: () => 50,
      onMessage: ({ messageId }: ReceivedMessage) => heard.push(messageId),
      onWarning: () => {},
      random: () => 0.5,
    }
    await listen(listening, stopping.signal)
    expect(heard).toEqual(['a', 'b', 'c'])
  })
})
