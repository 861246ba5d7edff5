import { describe, expect, it } from 'vitest'
import { runBefore } from '../../../../src/console/history/runBefore.ts'
import type { RunSummary } from '../../../../src/master/store/history.ts'

const run = (runId: string, startedAt: number, command: string, environment = 'testing') =>
  ({ runId, startedAt, environment, request: { action: { kind: 'shell', command } } }) as RunSummary

const runs = [
  run('verify', 5, 'df -h'),
  run('elsewhere', 4, 'df -h', 'staging'),
  run('clean', 3, 'rm -r cache'),
  run('second look', 2, 'df -h'),
  run('first look', 1, 'df -h'),
]
const earlierOf = (runId: string, origins: Record<string, string> = {}, keys: Record<string, string> = {}) =>
  runBefore(
    runs,
    runId,
    (id) => origins[id],
    (id) => keys[id],
  )?.runId

describe('the run before', () => {
  it('is the last one of the same command in the same environment, even if others were between', () => {
    expect(earlierOf('verify')).toBe('second look')
    expect(earlierOf('verify', { verify: 'clean' })).toBe('second look')
  })

  it('is the one that was repeated, where that is known', () => {
    expect(earlierOf('verify', { verify: 'first look' })).toBe('first look')
  })

  it('is the one from which it was started, where the command is a new one', () => {
    expect(earlierOf('clean', { clean: 'second look' })).toBe('second look')
    expect(earlierOf('clean')).toBeUndefined()
  })

  it('is none of another environment that has the same name', () => {
    expect(earlierOf('verify', {}, { verify: 'a', 'second look': 'b', 'first look': 'a' })).toBe('first look')
  })

  it('is none later, and none of a run that is not kept', () => {
    expect(earlierOf('first look')).toBeUndefined()
    expect(earlierOf('unknown')).toBeUndefined()
  })
})
