import { describe, expect, it } from 'vitest'
import { kmsPrice } from '../../../src/queues/kmsPrice.ts'
import { readAttributes } from '../../../src/queues/queueAttributes.ts'

const arn = 'arn:aws:kms:eu-west-1:123456789012:key/1234abcd'

describe('the price of encryption by KMS', () => {
  it('is none where SQS encrypts with a key of its own, or nothing is known of the queues', () => {
    const plain = readAttributes({ SqsManagedSseEnabled: 'true', KmsDataKeyReusePeriodSeconds: '300' })
    expect(kmsPrice({ commands: plain, replies: plain, facts: plain })).toBeUndefined()
    expect(kmsPrice({})).toBeUndefined()
  })

  it('is the key’s, and that of two requests by the servers and one by the masters in each period of a data key', () => {
    const facts = readAttributes({ KmsMasterKeyId: arn, KmsDataKeyReusePeriodSeconds: '3600' })
    expect(kmsPrice({ facts })).toEqual({
      ownKeys: 1,
      requests: 720 * 3,
      dollars: expect.closeTo(1.00648, 5),
    })
  })

  it('goes by SQS’s default where a queue does not tell its period', () => {
    expect(kmsPrice({ facts: { kmsKey: 'alias/mine' } })?.requests).toBe(8_640 * 3)
  })

  it('counts a key once, however its queues name it', () => {
    const price = kmsPrice({
      commands: { kmsKey: arn },
      replies: { kmsKey: '1234abcd' },
      facts: { kmsKey: arn },
    })
    expect(price?.ownKeys).toBe(1)
  })

  it('has no requests while no facts are encrypted, and no monthly price of AWS’s key', () => {
    expect(kmsPrice({ commands: { kmsKey: arn } })).toEqual({ ownKeys: 1, requests: 0, dollars: 1 })
    const aws = kmsPrice({ facts: { kmsKey: 'arn:aws:kms:eu-west-1:123456789012:alias/aws/sqs' } })
    expect([aws?.ownKeys, aws?.dollars.toFixed(3)]).toEqual([0, '0.078'])
  })
})
