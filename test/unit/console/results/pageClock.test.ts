import { describe, expect, it } from 'vitest'
import { Alarm } from '../../../../src/console/results/pageClock.ts'
import { ManualClock } from '../../../support/manualClock.ts'

describe('an alarm', () => {
  it('acts once, at the earliest of the times that it was set to', () => {
    const { clock, alarm, acted } = start()
    alarm.setIn(40)
    alarm.setIn(8)
    alarm.setIn(100)
    clock.advance(7)
    expect(acted).toEqual([])
    clock.advance(1)
    clock.advance(1_000)
    expect(acted).toEqual([8])
  })

  it('can be set again when it acts, and after it has acted', () => {
    const { clock, alarm, acted } = start((again) => again.setIn(40))
    alarm.setIn(8)
    clock.advance(8)
    clock.advance(40)
    expect(acted).toEqual([8, 48])
  })

  it('that is cancelled does not act until it is set again', () => {
    const { clock, alarm, acted } = start()
    alarm.setIn(8)
    alarm.cancel()
    clock.advance(1_000)
    alarm.setIn(40)
    clock.advance(40)
    expect(acted).toEqual([1_040])
  })
})

function start(andThen: (alarm: Alarm) => void = () => {}) {
  const clock = new ManualClock()
  const startedAt = clock.now()
  const acted: number[] = []
  const alarm: Alarm = new Alarm(clock, () => {
    acted.push(clock.now() - startedAt)
    andThen(alarm)
  })
  return { clock, alarm, acted }
}
