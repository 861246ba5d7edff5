import { describe, expect, it } from 'vitest'
import { readAttributes } from '../../../src/queues/queueAttributes.ts'

describe('Attributes of a queue', () => {
  it('are numbers, 0 as well', () => {
    expect(
      readAttributes({ QueueArn: 'arn', VisibilityTimeout: '0', MaximumMessageSize: '65536' }),
    ).toMatchObject({ arn: 'arn', visibilitySeconds: 0, maximumMessageSize: 65_536 })
  })

  it.each(['', 'many', '-1', '1.5', undefined])('are unknown, not 0, where the engine says %j', (told) => {
    const raw: Record<string, string> = told === undefined ? {} : { MaximumMessageSize: told }
    if (told !== undefined) raw.ApproximateNumberOfMessages = told
    const { maximumMessageSize, visible, notVisible } = readAttributes(raw)
    expect([maximumMessageSize, visible, notVisible]).toEqual([undefined, undefined, undefined])
  })

  it.each([
    ['1795885003', 1_795_885_003_000],
    ['1795885003.714984', 1_795_885_003_714],
    ['1795885003.', undefined],
    ['.5', undefined],
    ['-1795885003.5', undefined],
    ['1.7e9', undefined],
    ['', undefined],
  ])('tell times in seconds, whole ones or with a fraction: %j', (told, ms) => {
    const { createdAt, modifiedAt } = readAttributes({ CreatedTimestamp: told, LastModifiedTimestamp: told })
    expect([createdAt, modifiedAt]).toEqual([ms, ms])
  })
})
