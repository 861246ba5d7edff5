import { describe, expect, it, vi } from 'vitest'
import type { QueueErrorKind } from '../../../src/queues/errorKind.ts'
import { QueueError } from '../../../src/queues/queueError.ts'
import { retry } from '../../../src/queues/retry.ts'
import { verbatim } from '../../../src/text/localizable.ts'

const trouble = (kind: QueueErrorKind) =>
  new QueueError(
    { action: 'sqs:ReceiveMessage', queue: 'testing_facts', region: 'eu-west-1' },
    kind,
    kind,
    verbatim(kind),
  )

function failing(...kinds: QueueErrorKind[]) {
  return vi.fn(async () => {
    const kind = kinds.shift()
    if (kind !== undefined) throw trouble(kind)
    return 'done'
  })
}

describe('retry', () => {
  it('waits out what may pass by itself', async () => {
    const work = failing('network', 'throttled')
    expect(await retry(3, work)).toBe('done')
    expect(work).toHaveBeenCalledTimes(3)
  })

  it('gives up after its tries', async () => {
    const work = failing('network', 'network', 'network')
    await expect(retry(3, work)).rejects.toMatchObject({ kind: 'network' })
    expect(work).toHaveBeenCalledTimes(3)
  })

  it('does not repeat what needs a person, or what is no longer wanted', async () => {
    const forbidden = failing('forbidden')
    await expect(retry(3, forbidden)).rejects.toMatchObject({ kind: 'forbidden' })
    const unwanted = failing('network')
    await expect(retry(3, unwanted, AbortSignal.abort())).rejects.toMatchObject({ kind: 'network' })
    expect([forbidden, unwanted].map((work) => work.mock.calls.length)).toEqual([1, 1])
  })
})
