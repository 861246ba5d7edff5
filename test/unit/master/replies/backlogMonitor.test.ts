import { describe, expect, it } from 'vitest'
import { BacklogMonitor } from '../../../../src/master/replies/backlogMonitor.ts'

describe('BacklogMonitor', () => {
  it('is not behind as long as nothing speaks for it', () => {
    expect(new BacklogMonitor().backlogged(0)).toBe(false)
  })

  it('is behind while replies pile up, and a second longer', () => {
    const listening = new BacklogMonitor()
    listening.isPilingUp(1000)
    expect(listening.backlogged(1999)).toBe(true)
    expect(listening.backlogged(2000)).toBe(false)
  })

  it('is behind after a doubt until a receive that began later has brought the last of what waited', () => {
    const listening = new BacklogMonitor()
    const before = listening.start()
    listening.doubt()
    before()
    expect(listening.backlogged(0)).toBe(true)
    const after = listening.start()
    listening.doubt()
    after()
    expect(listening.backlogged(0)).toBe(true)
    listening.start()()
    expect(listening.backlogged(0)).toBe(false)
  })

  it('is behind while the network is away, until everything is read after that', () => {
    const listening = new BacklogMonitor()
    listening.trouble('network', 0)
    listening.trouble('network', 60_000)
    expect(listening.backlogged(120_000)).toBe(true)
    const heard = listening.start()
    listening.trouble(undefined, 121_000)
    expect(listening.backlogged(121_000)).toBe(true)
    heard()
    expect(listening.backlogged(121_000)).toBe(false)
  })

  it('does not wait for a network for ever', () => {
    const listening = new BacklogMonitor()
    listening.trouble('network', 0)
    expect(listening.backlogged(5 * 60_000)).toBe(false)
  })

  it('does not wait at all for what nobody will ever answer', () => {
    const listening = new BacklogMonitor()
    listening.doubt()
    listening.trouble('forbidden', 0)
    expect(listening.backlogged(0)).toBe(false)
  })
})
