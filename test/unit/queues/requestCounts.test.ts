import { describe, expect, it } from 'vitest'
import { addRequest, billedUnits, noRequests } from '../../../src/queues/requestCounts.ts'
import { requestsSince } from '../../support/requestsSince.ts'

describe('request counts', () => {
  it('bill every 64 KB that is begun, and an empty request as one', () => {
    expect([0, 1, 65_536, 65_537, 1_048_576].map(billedUnits)).toEqual([1, 1, 1, 2, 16])
  })

  it('tell what lay between two moments, by operation', () => {
    const before = addRequest(noRequests, 'SendMessage', 1)
    const now = addRequest(
      addRequest(addRequest(before, 'ReceiveMessage', 2), 'SendMessage', 1),
      'ReceiveMessage',
      0,
    )
    expect(requestsSince(before, now)).toEqual({
      requests: 3,
      billed: 3,
      byOperation: { ReceiveMessage: { requests: 2, billed: 2 }, SendMessage: { requests: 1, billed: 1 } },
    })
    expect(requestsSince(now, now)).toEqual(noRequests)
  })
})
