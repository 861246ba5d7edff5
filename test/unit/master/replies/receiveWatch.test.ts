import { describe, expect, it } from 'vitest'
import { ReceiveWatch } from '../../../../src/master/replies/receiveWatch.ts'
import type { QueueErrorKind } from '../../../../src/queues/errorKind.ts'
import { say } from '../../../../src/text/localizable.ts'

const error = (kind: QueueErrorKind, text = 'SQS is away') => ({ kind, localizable: say(text) })

describe('The watch over receiving', () => {
  it('says since when replies cannot be received and why, until an answer comes', () => {
    const watch = new ReceiveWatch()
    watch.asked(1_000, 2_000)
    expect(watch.trouble(1_500)).toBeUndefined()
    watch.failed(error('network'), 2_000)
    watch.failed(error('network', 'still away'), 9_000)
    expect(watch.trouble(10_000)).toMatchObject({ since: 2_000, why: say('still away') })
    watch.failed(undefined, 11_000)
    expect(watch.trouble(11_000)).toBeUndefined()
  })

  it('notices a receive that nobody answers within seconds, before its own deadline', () => {
    const watch = new ReceiveWatch()
    watch.asked(1_000, 2_000)
    expect(watch.trouble(7_000)).toBeUndefined()
    expect(watch.trouble(7_001)).toMatchObject({ since: 3_000 })
    watch.failed(error('network', 'timed out'), 13_000)
    expect(watch.trouble(13_000)).toMatchObject({ since: 3_000, why: say('timed out') })
    watch.asked(13_500, 2_000)
    watch.answered()
    expect(watch.trouble(14_000)).toBeUndefined()
  })

  it('does not wait for silent agents where somebody has to act', () => {
    const watch = new ReceiveWatch()
    watch.failed(error('forbidden'), 1_000)
    expect(watch.trouble(1_000)).toEqual({ since: 1_000, why: say('SQS is away') })
    watch.failed(error('throttled'), 2_000)
    expect(watch.trouble(2_000)?.waitsUntil).toBe(1_000 + 5 * 60_000)
  })

  it('returns the same as long as nothing changes', () => {
    const watch = new ReceiveWatch()
    watch.asked(0, 2_000)
    const late = watch.trouble(8_000)
    expect(watch.trouble(9_000)).toBe(late)
  })
})
