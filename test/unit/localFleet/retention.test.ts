import { describe, expect, it } from 'vitest'
import { applyRetention } from '../../../src/localFleet/retention.ts'

describe('retention', () => {
  it('forgets what is older than its queue says, visible, delayed and hidden, and keeps the rest', () => {
    const now = 1_000_000
    const aged = (seconds: number) => ({ sentTimestamp: now - seconds * 1000 })
    const queue = {
      attributes: { MessageRetentionPeriod: '60' },
      messages: [aged(61), aged(59), aged(200), aged(0)],
      delayedMessages: [aged(61), aged(1)],
      inflightMessages: new Map([
        ['old', { message: aged(61) }],
        ['new', { message: aged(60) }],
      ]),
    }
    const patient = {
      ...queue,
      attributes: { MessageRetentionPeriod: '345600' },
      inflightMessages: new Map(),
    }
    applyRetention({ listQueues: () => [queue, patient] }, now)
    expect(queue.messages).toEqual([aged(59), aged(0)])
    expect(queue.delayedMessages).toEqual([aged(1)])
    expect([...queue.inflightMessages.keys()]).toEqual(['new'])
    expect(patient.messages).toHaveLength(4)
  })
})
