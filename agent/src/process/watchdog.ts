import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { hasCapability } from '../execution/capabilities.ts'
import { type Messenger, notifyProgram, startMessenger } from '../execution/watchdogMessenger.ts'
import type { Log } from '../log/log.ts'

/**
 * After this time without a sign of life systemd restarts the agent, milliseconds. Far more than a busy server or a large
 * output takes: it is for an agent that hangs for good.
 */
const usualTimeoutMs = 300_000
/** Signs of life in that time: each costs a process, some 5 ms of CPU. */
const signsPerTimeout = 5
/** One sends the sign of life, the other can still call the watchdog off. */
const messengersWanted = 2

/** How systemd watches this process. */
export interface WatchdogPlan {
  /** Where systemd listens. */
  readonly socket: string
  readonly timeoutMs: number
}

/**
 * Whether and how systemd can watch this process. Where the unit has a timeout of its own (`WatchdogSec=`), that; else the
 * agent has itself watched, but only where it is certain that it will be heard.
 * @param variables that systemd gives to the processes that it starts; their children may have inherited them
 * @param maySpeakForParent whether `systemd-notify` can speak in the name of the process that started it
 */
export function planWatchdog(
  variables: Readonly<Record<string, string | undefined>>,
  pid: number,
  maySpeakForParent: boolean,
): WatchdogPlan | undefined {
  const { NOTIFY_SOCKET: socket, WATCHDOG_PID, WATCHDOG_USEC, SYSTEMD_EXEC_PID } = variables
  if (socket === undefined || socket === '') return undefined
  const microseconds = WATCHDOG_PID === String(pid) ? Number(WATCHDOG_USEC) : 0
  if (microseconds > 0) return { socket, timeoutMs: microseconds / 1000 }
  const isHeard = SYSTEMD_EXEC_PID === String(pid) && maySpeakForParent
  return isHeard ? { socket, timeoutMs: usualTimeoutMs } : undefined
}

/** Has systemd watch this process, where it can. */
export async function startWatchdog(
  variables: Readonly<Record<string, string | undefined>>,
  log: Log,
): Promise<Watchdog | undefined> {
  const plan = planWatchdog(variables, process.pid, await hasCapability('SYS_ADMIN'))
  if (plan === undefined) return undefined
  const isThere = await access(notifyProgram, constants.X_OK).then(
    () => true,
    () => false,
  )
  if (!isThere) return undefined
  return new Watchdog({ timeoutMs: plan.timeoutMs, start: () => startMessenger(plan.socket), log })
}

export interface WatchdogOptions {
  readonly timeoutMs: number
  /** Starts a process that will send one message; undefined when the system gives none. */
  readonly start: () => Messenger | undefined
  readonly log: Log
}

/**
 * Gives systemd signs of life as long as the event loop turns. Each takes a process, which a server that is short of processes
 * may refuse to an agent that works: hence one is always there that can call the watchdog off until there are some again.
 */
export class Watchdog {
  readonly #o: WatchdogOptions
  readonly #waiting = new Set<Messenger>()
  readonly #timer: NodeJS.Timeout
  #state: 'unknown' | 'on' | 'off' = 'unknown'
  #isUnheard = false

  constructor(options: WatchdogOptions) {
    this.#o = options
    this.#tell()
    this.#timer = setInterval(() => this.#tell(), options.timeoutMs / signsPerTimeout).unref()
  }

  /** Gives no more signs of life: this process ends. */
  stop(): void {
    clearInterval(this.#timer)
    for (const messenger of this.#waiting) messenger.dismiss()
    this.#waiting.clear()
  }

  #tell(): void {
    this.#callMessengers()
    const canGoOn = this.#waiting.size === messengersWanted
    const [messenger] = this.#waiting
    if (messenger === undefined || (!canGoOn && this.#state !== 'on')) return
    this.#waiting.delete(messenger)
    messenger.send(canGoOn ? `WATCHDOG=1 WATCHDOG_USEC=${this.#o.timeoutMs * 1000}` : 'WATCHDOG_USEC=0')
    this.#enter(canGoOn ? 'on' : 'off')
  }

  #callMessengers(): void {
    while (this.#waiting.size < messengersWanted) {
      const messenger = this.#o.start()
      if (messenger === undefined) return
      this.#waiting.add(messenger)
      void messenger.ended.then((hasSent) => this.#note(messenger, hasSent))
    }
  }

  #enter(state: 'on' | 'off'): void {
    const { log, timeoutMs } = this.#o
    if (state === this.#state) return
    this.#state = state
    if (state === 'on') log.info(`systemd restarts this agent if it hangs for ${timeoutMs / 1000} s.`)
    else
      log.warn(
        'systemd’s watchdog is off until processes can be started again: it takes one to tell that the agent works.',
      )
  }

  #note(messenger: Messenger, hasSent: boolean): void {
    // Somebody has ended one that waits: the next sign of life is preceded by another.
    if (this.#waiting.delete(messenger)) return
    if (!hasSent && !this.#isUnheard)
      this.#o.log.warn('systemd-notify has failed to reach systemd’s watchdog.')
    this.#isUnheard = !hasSent
  }
}
