import { describe, expect, it } from 'vitest'
import type { AgentRow, Sighting } from '../../../src/page/toPage.ts'
import { silenceLines } from '../../../webview/silenceLines.ts'

const row: AgentRow = { id: 'a', host: 'a', state: 'expected', bytes: 0, output: 'none' }
const waiting: AgentRow = { ...row, sentAt: 1_000, asked: 1, askedAt: 5_000, giveUpAt: 11_000 }
const here = { now: 7_000, isAway: false }
const seen: Sighting = { type: 'sighting', agent: 'a', state: 'live', seenAt: 4_000, otherRuns: 1 }

describe('The silence of an agent', () => {
  it('says when the command was sent, how often it was asked, and when it is given up', () => {
    expect(silenceLines(waiting, undefined, here)).toEqual([
      'Sent 6 s ago. It was asked again once, 4.0 s after that.',
      'Nothing was heard from it in this run.',
      'It is given up in 4 s if it stays silent.',
    ])
  })

  it('does not count down while replies cannot be received', () => {
    expect(silenceLines(waiting, undefined, { ...here, isAway: true })).toContain(
      'It is not given up while replies cannot be received.',
    )
    expect(silenceLines(waiting, undefined, { ...here, now: 12_000 })).toContain(
      'It is given up as soon as it is certain that no reply is waiting.',
    )
  })

  it('says what the facts of the agent say, and whether another run is going on there', () => {
    expect(silenceLines(waiting, seen, here).slice(-2)).toEqual([
      'Its facts were seen 3.0 s ago: the agent is running.',
      'It executes another run.',
    ])
    expect(silenceLines(waiting, { ...seen, state: 'left' }, here).at(-1)).toBe(
      'It said 3.0 s ago that it stops.',
    )
    const { seenAt: _, ...unseen } = seen
    expect(silenceLines(waiting, { ...unseen, state: 'unknown' }, here).at(-1)).toBe(
      'Its facts have not been seen, so nothing more is known of it.',
    )
  })

  it('of an agent that was given up counts nothing down', () => {
    const lost: AgentRow = { ...waiting, state: 'lost', heardAt: 2_000 }
    const lines = silenceLines(lost, undefined, here)
    expect(lines.join(' ')).toMatch(/^Sent at .*Last heard in this run at/)
    expect(lines.join(' ')).not.toContain('given up')
  })

  it('is no silence before the command was sent', () => {
    expect(silenceLines(row, undefined, here)).toEqual(['The command has not been sent to it yet.'])
  })
})
