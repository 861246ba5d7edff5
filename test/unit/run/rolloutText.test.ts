import { describe, expect, it } from 'vitest'
import { describeRollout, parseRolloutText, printRollout, readRollout } from '../../../src/run/rolloutText.ts'
import { inEnglish } from '../../../src/text/translate.ts'

describe('parseRolloutText', () => {
  it('understands each part, in any order', () => {
    expect(parseRolloutText('failures=5% canary=1, batch=10% pause=1m')).toEqual({
      canary: 1,
      batch: { percent: 10 },
      pauseMs: 60_000,
      maxFailures: { percent: 5 },
    })
  })

  it('is no rollout when nothing is said', () => {
    expect(parseRolloutText('  ')).toBeUndefined()
  })

  it.each([
    [
      'canary',
      '“canary” is not understood. Parts are canary=1, batch=10% or window=10, pause=30s, failures=5%.',
    ],
    ['canary=', '“canary=” is not understood.'],
    ['canary=-1', 'canary must be a number of agents, 0 or more'],
    ['canary=1.5', 'canary must be a number of agents, 0 or more'],
    ['batch=0', 'batch must be at least one agent'],
    ['batch=0%', 'batch must be at least one agent'],
    ['batch=110%', 'batch must be a number of agents, or a share up to 100%, such as 10%'],
    ['batch=1.5', 'batch must be a number of agents'],
    ['window=0', 'window must be at least one agent'],
    ['window=few', 'window must be a number of agents, or a share up to 100%, such as 10%'],
    ['batch=1 window=2', 'batch and window exclude each other: use steps, or a window'],
    ['batch=1 pause=soon', 'pause must be a duration of up to 7 days, such as 30s or 5m'],
    ['batch=1 failures=x', 'failures must be a number of agents'],
    ['batch=1 batch=2', '“batch” appears twice'],
    ['speed=fast', '“speed=fast” is not understood.'],
    ['maxFailures=1', '“maxFailures=1” is not understood.'],
  ])('refuses %j, and says why', (text, reason) => {
    expect(() => parseRolloutText(text)).toThrow(reason)
  })

  it('refuses what looks like steps and is none', () => {
    for (const text of ['pause=30s', 'failures=5%', 'pause=30s failures=5%']) {
      expect(() => parseRolloutText(text)).toThrow(
        /^(pause|failures) needs canary, batch or window: without them, all agents start at once$/,
      )
    }
  })

  it('reads what printRollout writes', () => {
    for (const text of [
      'canary=2',
      'batch=25% failures=0',
      'canary=1 batch=3 pause=1500ms failures=5%',
      'window=10%',
    ]) {
      const rollout = parseRolloutText(text)
      expect(rollout && parseRolloutText(printRollout(rollout))).toEqual(rollout)
    }
  })
})

describe('readRollout', () => {
  it('calls parts what they are called where they are written', () => {
    expect(() => readRollout({ maxFailures: 'x' })).toThrow('maxFailures must be a number')
    const names = {
      canary: '--canary',
      batch: '--batch',
      window: '--window',
      pause: '--pause',
      maxFailures: '--max-failures',
    }
    expect(() => readRollout({ maxFailures: 'x' }, names)).toThrow('--max-failures must be a number')
  })

  it('reads numbers and text alike, as files have them', () => {
    expect(readRollout({ canary: '1', batch: 5, pause: 0, maxFailures: '12.5%' })).toEqual({
      canary: 1,
      batch: { count: 5 },
      pauseMs: 0,
      maxFailures: { percent: 12.5 },
    })
    expect(readRollout({})).toBeUndefined()
  })
})

describe('describeRollout', () => {
  it('says in words what will happen', () => {
    expect(describeRollout(undefined, inEnglish)).toBe('all at once')
    expect(describeRollout({ canary: 1 }, inEnglish)).toBe(
      '1 first, then all the others at once, stopping at the first failure',
    )
    expect(describeRollout({ canary: 1, window: { count: 10 }, pauseMs: 30_000 }, inEnglish)).toBe(
      '1 first, then after 30 s at most 10 at once, the next when one ends, stopping at the first failure',
    )
    expect(describeRollout({ maxFailures: { percent: 5 } }, inEnglish)).toBe(
      'all at once, stopping after more than 5% failures',
    )
  })
})
