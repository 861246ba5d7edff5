import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Environment } from '../../../src/queues/environment.ts'
import type { Queues } from '../../../src/queues/queues.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'

let sqs: SqsServer
let queues: Queues
let environment: Environment

beforeAll(async () => {
  sqs = await startSqs()
  queues = sqs.connect()
  environment = await sqs.environment('testing')
})
afterAll(() => sqs.stop())

describe('queues', () => {
  it('brings a body through a queue, with the time and the sender by SQS', async () => {
    const { replies } = environment.queues
    const { messageId } = await queues.send(replies, 'grüße')
    const [message] = await queues.receive(replies, { waitSeconds: 1, visibilitySeconds: 30 })
    expect(message).toMatchObject({ messageId, body: 'grüße', senderId: '000000000000', receiveCount: 1 })
    expect(Math.abs((message?.sentAt ?? 0) - Date.now())).toBeLessThan(10_000)
    await queues.delete(replies, message ? [message] : [])
    expect(await queues.attributes(replies)).toMatchObject({ visible: 0, notVisible: 0 })
  })
})
