import { describe, expect, it } from 'vitest'
import { BacklogMonitor, type PollAnswer } from '../../../../src/master/replies/backlogMonitor.ts'

const minute = 60_000

/** A receive that is answered at once, and whose replies are recorded at once. */
function answer(monitor: BacklogMonitor, what: PollAnswer, at: number): void {
  monitor.answered(monitor.asked(at), what, at)()
}

describe('The backlog monitor', () => {
  it('does not know that everything is read before a long poll was answered with nothing', () => {
    const monitor = new BacklogMonitor()
    expect(monitor.hearing(0)).toBe('behind')
    answer(monitor, 'unclear', 0)
    expect(monitor.hearing(0)).toBe('behind')
    answer(monitor, 'nothing', 1)
    expect(monitor.hearing(1)).toBe('all')
  })

  it('takes no proof for a later time', () => {
    const monitor = new BacklogMonitor()
    answer(monitor, 'nothing', 0)
    expect(monitor.hearing(5_000)).toBe('all')
    expect(monitor.hearing(5_001)).toBe('behind')
  })

  it('is behind from an answer that had waited until a poll that began later brings nothing', () => {
    const monitor = new BacklogMonitor()
    const before = monitor.asked(0)
    answer(monitor, 'waiting', 0)
    monitor.answered(before, 'nothing', 1)()
    expect(monitor.hearing(1)).toBe('behind')
    expect(monitor.isBehind).toBe(true)
    answer(monitor, 'nothing', 2)
    expect(monitor.hearing(2)).toBe('all')
    expect(monitor.isBehind).toBe(false)
  })

  it('is behind while replies that were read are not recorded', () => {
    const monitor = new BacklogMonitor()
    const recorded = monitor.answered(monitor.asked(0), 'fresh', 0)
    answer(monitor, 'nothing', 1)
    expect(monitor.hearing(1)).toBe('behind')
    recorded()
    expect(monitor.hearing(1)).toBe('all')
  })

  it('is behind after a doubt until a receive that began later has brought nothing', () => {
    const monitor = new BacklogMonitor()
    const before = monitor.asked(0)
    monitor.doubt()
    monitor.answered(before, 'nothing', 0)()
    expect(monitor.hearing(0)).toBe('behind')
    answer(monitor, 'nothing', 0)
    expect(monitor.hearing(0)).toBe('all')
  })

  it('counts a queue that is never empty as read when answers bring only what was just sent, for two seconds', () => {
    const monitor = new BacklogMonitor()
    for (let at = 0; at <= 1_500; at += 500) answer(monitor, 'fresh', at)
    expect(monitor.hearing(1_500)).toBe('behind')
    answer(monitor, 'fresh', 2_000)
    expect(monitor.hearing(2_000)).toBe('all')
  })

  it('does not count so few answers, nor such that began before a doubt', () => {
    const few = new BacklogMonitor()
    for (const at of [0, 1_000, 3_000]) answer(few, 'fresh', at)
    expect(few.hearing(3_000)).toBe('behind')
    const doubted = new BacklogMonitor()
    for (const at of [0, 700, 1_400]) answer(doubted, 'fresh', at)
    answer(doubted, 'waiting', 1_500)
    for (const at of [1_600, 2_000]) answer(doubted, 'fresh', at)
    expect(doubted.hearing(2_000)).toBe('behind')
  })

  it('waits for a proof for half a minute, and longer while our replies are being read, and then is uncertain', () => {
    const monitor = new BacklogMonitor()
    expect(monitor.hearing(0)).toBe('behind')
    expect(monitor.hearing(29_999)).toBe('behind')
    expect(monitor.hearing(30_000)).toBe('uncertain')
    monitor.progress(30_000)
    expect(monitor.hearing(59_999)).toBe('behind')
    for (let at = 60_000; at < 5 * minute; at += 10_000) {
      monitor.progress(at)
      expect(monitor.hearing(at)).toBe('behind')
    }
    monitor.progress(5 * minute)
    expect(monitor.hearing(5 * minute)).toBe('uncertain')
  })

  it('is sure again when the proof comes after all', () => {
    const monitor = new BacklogMonitor()
    monitor.hearing(0)
    expect(monitor.hearing(minute)).toBe('uncertain')
    answer(monitor, 'nothing', minute)
    expect(monitor.hearing(minute)).toBe('all')
    expect(monitor.hearing(2 * minute)).toBe('behind')
  })

  it('is behind while the network is away, until everything is read after that', () => {
    const monitor = new BacklogMonitor()
    monitor.trouble('network', 0)
    monitor.trouble('network', minute)
    expect(monitor.hearing(2 * minute)).toBe('behind')
    monitor.trouble(undefined, 2 * minute)
    expect(monitor.hearing(2 * minute)).toBe('behind')
    answer(monitor, 'nothing', 2 * minute)
    expect(monitor.hearing(2 * minute)).toBe('all')
  })

  it('does not wait for a network for ever', () => {
    const monitor = new BacklogMonitor()
    monitor.trouble('network', 0)
    expect(monitor.hearing(5 * minute)).toBe('uncertain')
  })

  it('does not wait at all for what nobody will ever answer', () => {
    const monitor = new BacklogMonitor()
    monitor.trouble('forbidden', 0)
    expect(monitor.hearing(0)).toBe('uncertain')
    monitor.trouble(undefined, 1)
    answer(monitor, 'nothing', 1)
    expect(monitor.hearing(1)).toBe('all')
  })
})
