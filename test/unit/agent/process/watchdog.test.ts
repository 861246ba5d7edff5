import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Messenger } from '../../../../agent/src/execution/watchdogMessenger.ts'
import { planWatchdog, Watchdog } from '../../../../agent/src/process/watchdog.ts'

const pid = 4711
const socket = '/run/systemd/notify'
const started = { NOTIFY_SOCKET: socket, SYSTEMD_EXEC_PID: String(pid) }
const watched = { NOTIFY_SOCKET: socket, WATCHDOG_PID: String(pid), WATCHDOG_USEC: '10000000' }

describe('systemd’s watchdog', () => {
  it('watches the process that systemd has started, where systemd-notify can speak in its name', () => {
    expect(planWatchdog(started, pid, true)).toEqual({ socket, timeoutMs: 300_000 })
  })

  it.each<[string, Record<string, string>, boolean]>([
    ['where systemd takes no messages', { SYSTEMD_EXEC_PID: String(pid) }, true],
    ['where systemd takes no messages: an empty name', { ...started, NOTIFY_SOCKET: '' }, true],
    ['where systemd would not accept them, as with User=', started, false],
    [
      'where another process was started, which this one comes from',
      { ...started, SYSTEMD_EXEC_PID: '1' },
      true,
    ],
    ['where systemd is older than 248', { NOTIFY_SOCKET: socket }, true],
    ['where another process is watched', { ...watched, WATCHDOG_PID: '1' }, true],
    ['with a time that is none', { ...watched, WATCHDOG_USEC: '0' }, true],
    ['with a time that is not a number', { ...watched, WATCHDOG_USEC: 'soon' }, true],
  ])('does not watch %s', (_, variables, maySpeak) => {
    expect(planWatchdog(variables, pid, maySpeak)).toBeUndefined()
  })

  it('goes by WatchdogSec= of the unit, whoever the agent runs as', () => {
    expect(planWatchdog(watched, pid, false)).toEqual({ socket, timeoutMs: 10_000 })
    expect(planWatchdog({ ...watched, ...started }, pid, true)).toEqual({ socket, timeoutMs: 10_000 })
  })
})

describe('signs of life for systemd', () => {
  const on = 'WATCHDOG=1 WATCHDOG_USEC=10000000'
  const off = 'WATCHDOG_USEC=0'
  let sent: string[]
  let waiting: PlayedMessenger[]
  /** Processes that the system still gives. */
  let left: number
  let logged: string[]
  let watchdog: Watchdog

  class PlayedMessenger implements Messenger {
    readonly ended: Promise<boolean>
    end: (hasSent: boolean) => void = () => {}

    constructor() {
      this.ended = new Promise((resolve) => {
        this.end = resolve
      })
      waiting.push(this)
    }

    send(message: string) {
      sent.push(message)
      this.dismiss()
    }

    dismiss() {
      waiting.splice(waiting.indexOf(this), 1)
    }
  }

  beforeEach(() => {
    vi.useFakeTimers()
    ;[sent, waiting, logged, left] = [[], [], [], Number.POSITIVE_INFINITY]
    const start = () => {
      left -= 1
      return left >= 0 ? new PlayedMessenger() : undefined
    }
    const note = (line: string) => void logged.push(line)
    const log = { debug: note, info: note, warn: note, error: note, setLevel: () => {} }
    open = () => {
      watchdog = new Watchdog({ timeoutMs: 10_000, start, log })
    }
  })
  let open: () => void
  afterEach(() => {
    watchdog.stop()
    vi.useRealTimers()
  })

  it('come at once, and five times within the timeout', () => {
    open()
    expect(sent).toEqual([on])
    vi.advanceTimersByTime(10_000)
    expect(sent).toEqual(Array(6).fill(on))
    expect(logged).toEqual(['systemd restarts this agent if it hangs for 10 s.'])
  })

  it('leave one process that waits, and none when the agent ends', () => {
    open()
    vi.advanceTimersByTime(60_000)
    expect(waiting).toHaveLength(1)
    watchdog.stop()
    expect(waiting).toEqual([])
    vi.advanceTimersByTime(60_000)
    expect(sent).toHaveLength(31)
  })

  it('call the watchdog off by the process that waits when there are no others, and on again when there are', () => {
    open()
    left = 0
    vi.advanceTimersByTime(60_000)
    expect(sent).toEqual([on, off])
    left = 1
    vi.advanceTimersByTime(60_000)
    expect(sent).toEqual([on, off])
    left = Number.POSITIVE_INFINITY
    vi.advanceTimersByTime(2_000)
    expect(sent).toEqual([on, off, on])
    expect(logged).toHaveLength(3)
  })

  it('do not begin where there are not enough processes', () => {
    left = 1
    open()
    vi.advanceTimersByTime(60_000)
    expect([sent, logged]).toEqual([[], []])
  })

  it('go on where somebody ends the process that waits', async () => {
    open()
    const [last] = waiting
    last?.dismiss()
    last?.end(false)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(sent).toEqual([on, on])
    expect(waiting).toHaveLength(1)
    expect(logged).toHaveLength(1)
  })

  it('that are not sent are said once', async () => {
    open()
    const [second] = waiting
    vi.advanceTimersByTime(2_000)
    const [third] = waiting
    vi.advanceTimersByTime(2_000)
    for (const messenger of [second, third]) messenger?.end(false)
    await vi.advanceTimersByTimeAsync(0)
    expect(logged.slice(1)).toEqual(['systemd-notify has failed to reach systemd’s watchdog.'])
  })
})
