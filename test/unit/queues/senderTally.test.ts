import { describe, expect, it } from 'vitest'
import { SenderTally } from '../../../src/queues/senderTally.ts'

describe('a tally of senders', () => {
  it('reports the first, the tenth, the hundredth of each sender', () => {
    const tally = new SenderTally()
    const reported = (senderId: string | undefined) =>
      Array.from({ length: 1_234 }, () => tally.count(senderId)).filter((count) => count !== undefined)
    for (const sender of ['AIDAADA', 'AROAWEB:i-00000000000000001', undefined])
      expect(reported(sender)).toEqual([1, 10, 100, 1_000])
  })

  it('reports little of a million senders, and forgets none of the first', () => {
    const tally = new SenderTally()
    let reported = 0
    for (let sender = 0; sender < 1_000_000; sender += 1)
      if (tally.count(`AROA:session-${sender}`) !== undefined) reported += 1
    expect(reported).toBeLessThan(1_010)
    expect(tally.count('AROA:session-1')).toBeUndefined()
  })
})
