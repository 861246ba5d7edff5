import { describe, expect, it } from 'vitest'
import { parseDuration, printDuration } from '../../../src/declarations/duration.ts'
import { describeRollout, parseRolloutText, printRollout } from '../../../src/declarations/rolloutText.ts'
import { inEnglish } from '../../../src/text/translate.ts'

describe('parseRolloutText', () => {
  it('understands each part, in any order', () => {
    expect(parseRolloutText('failures=5% canary=1, batch=10% pause=1m', inEnglish)).toEqual({
      canary: 1,
      batch: { percent: 10 },
      pauseMs: 60_000,
      maxFailures: { percent: 5 },
    })
  })

  it('is no rollout when nothing is said', () => {
    expect(parseRolloutText('  ', inEnglish)).toBeUndefined()
  })

  it.each([
    'canary',
    'canary=-1',
    'canary=x',
    'batch=0',
    'batch=110%',
    'batch=1.5',
    'pause=soon',
    'speed=fast',
  ])('refuses %j', (text) => {
    expect(() => parseRolloutText(text, inEnglish)).toThrow()
  })

  it('reads what printRollout writes', () => {
    for (const text of ['canary=2', 'batch=25% failures=0', 'canary=1 batch=3 pause=1500ms failures=5%']) {
      const rollout = parseRolloutText(text, inEnglish)
      expect(rollout && parseRolloutText(printRollout(rollout), inEnglish)).toEqual(rollout)
    }
  })
})

describe('describeRollout', () => {
  it('says in words what will happen', () => {
    expect(describeRollout(undefined, inEnglish)).toBe('all at once')
    expect(describeRollout({ canary: 1 }, inEnglish)).toBe(
      '1 first, then all the others at once, stopping at the first failure',
    )
    expect(describeRollout({ maxFailures: { percent: 5 } }, inEnglish)).toBe(
      'all at once, stopping after more than 5% failures',
    )
  })
})

describe('durations', () => {
  it.each([
    ['90', 90_000],
    ['1.5h', 5_400_000],
    ['250 ms', 250],
    ['7d', 604_800_000],
    ['8d', undefined],
    ['0', undefined],
    ['-5', undefined],
    ['soon', undefined],
  ])('reads %j', (text, durationMs) => {
    expect(parseDuration(text)).toBe(durationMs)
  })

  it('are printed shortly', () => {
    const durations = [250, 1500, 60_000, 600_000, 5_400_000, 172_800_000]
    expect(durations.map(printDuration)).toEqual(['250 ms', '1.5 s', '60 s', '10 min', '1 h 30 min', '2 d'])
  })
})
