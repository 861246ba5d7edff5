import { beforeEach, describe, expect, it } from 'vitest'
import { createLog } from '../../../../agent/src/log/log.ts'
import { PlannedRestart, type RestartState } from '../../../../agent/src/process/plannedRestart.ts'
import { until } from '../../../support/until.ts'

let running: string[]
let states: RestartState[]
let said: string
let restart: PlannedRestart
let asked: AbortController
let ended: AbortController
let done: Promise<void>

beforeEach(() => {
  running = ['long']
  states = []
  said = ''
  asked = new AbortController()
  ended = new AbortController()
  restart = new PlannedRestart({
    runs: {
      get running() {
        return running
      },
      get isIdle() {
        return running.length === 0
      },
    },
    limitMs: () => 1_000,
    log: createLog('info', (line) => (said += line), Date.now),
    onChange: (state) => states.push(state),
  })
  done = restart.run(asked.signal, ended.signal)
})

const become = (state: RestartState) => until(() => restart.state === state, state)

describe('A planned restart', () => {
  it('comes at once when nothing runs', async () => {
    running = []
    asked.abort()
    await done
    expect(states).toEqual(['draining', 'ending'])
    expect(restart.holdsCommands).toBe(true)
  })

  it('is none before it is asked for, and none when the agent ends', async () => {
    expect([restart.state, restart.holdsCommands, restart.problem]).toEqual(['none', false, undefined])
    ended.abort()
    await done
    expect(states).toEqual([])
  })

  it('waits twice as long each time, once the runs that were in the way have ended', async () => {
    asked.abort()
    await become('draining')
    expect(restart.holdsCommands).toBe(true)
    await become('postponed')
    expect(restart.holdsCommands).toBe(false)
    expect(restart.problem).toBe('A restart was asked for and is postponed until run long has ended.')
    running = ['long', 'next']
    running = ['next']
    await become('draining')
    expect(said).toMatch(/Restarting when run next has ended\. .* for 2 s at most/)
    expect(restart.problem).toBeUndefined()
    running = []
    await done
    expect(states).toEqual(['draining', 'postponed', 'draining', 'ending'])
  })

  it('does not come when the agent ends while it waits', async () => {
    asked.abort()
    await become('draining')
    ended.abort()
    await done
    expect(states).toEqual(['draining'])
  })
})
