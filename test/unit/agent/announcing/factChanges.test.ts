import { describe, expect, it } from 'vitest'
import { FactChanges } from '../../../../agent/src/announcing/factChanges.ts'
import type { Facts } from '../../../../src/protocol/facts.ts'

/** Which of these readings, one after the other, are news. */
function newsOf(...readings: Facts[]): boolean[] {
  const changes = new FactChanges()
  return readings.map((facts) => changes.isNews(facts, []))
}

describe('a reading of facts', () => {
  it('is news when it is the first, or a fact is new, another one, or gone', () => {
    const one = { role: 'web' }
    const two = { role: 'web', rack: 4 }
    const three = { role: 'db', rack: 4 }
    expect(newsOf(one, one, two, two, three, three, one)).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      true,
    ])
  })

  it('is not reported for what facter measures at each call', () => {
    const measured = (value: number) => ({
      load_averages: { '1m': value },
      system_uptime: { seconds: value, uptime: `${value} s` },
      uptime_seconds: value,
      memoryfree_mb: value,
      memory: {
        system: { total_bytes: 8, available_bytes: value, used_bytes: 8 - value, capacity: `${value}%` },
      },
      mountpoints: {
        '/': { size_bytes: 8, available_bytes: value, used: `${value} GiB`, device: '/dev/sda1' },
      },
    })
    expect(newsOf(measured(1), measured(2), measured(3))).toEqual([true, false, false])
  })

  it('is news when something else in these facts changes', () => {
    const mounted = (device: string) => ({ mountpoints: { '/': { size_bytes: 8, used: '1 GiB', device } } })
    expect(newsOf(mounted('/dev/sda1'), mounted('/dev/sdb1'))).toEqual([true, true])
  })

  it('is no news for a fact that changes each time, whatever it is called, until that comes to rest', () => {
    const counted = (value: number) => ({ role: 'web', queue_length: value })
    const readings = [1, 2, 3, 4, 4, 5].map(counted)
    expect(newsOf(...readings)).toEqual([true, true, false, false, false, true])
  })

  it('is no news for a problem that tells its time, or another number, each time', () => {
    const changes = new FactChanges()
    changes.isNews({}, ['facter: has not answered for 30 s'])
    expect(changes.isNews({}, ['facter: has not answered for 60 s'])).toBe(false)
  })

  it('is news when sources get into trouble, or out of it', () => {
    const changes = new FactChanges()
    expect(
      [[], ['x: broken'], ['x: broken'], []].map((problems) => changes.isNews({ a: 1 }, problems)),
    ).toEqual([true, true, false, true])
  })
})
