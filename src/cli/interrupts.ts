import { readFileSync } from 'node:fs'
import { constants } from 'node:os'

/** A signal that asks the program to end, and the exit code by which a shell knows it: 128 and its number. */
export interface Interrupt {
  readonly name: 'SIGINT' | 'SIGTERM' | 'SIGHUP'
  readonly exitCode: number
}

/** The way in for the signals that ask this program to end. */
export interface Interrupts {
  /** Aborts at the first one; its reason is the {@link Interrupt}. */
  readonly signal: AbortSignal
  /** As the signal of this name does: for a terminal that passes Ctrl-C on as a key. */
  raise(name: Interrupt['name']): void
  /** Leaves the signals to Node again, which ends the process. */
  stop(): void
}

/**
 * Listens to the signals that ask this program to end. The first one is for the program to deal with; at the second one it
 * ends at once.
 * @param onSecond says the last word before that
 */
export function listenToInterrupts(onSecond: () => void, env: NodeJS.ProcessEnv = process.env): Interrupts {
  const abort = new AbortController()
  const raise = (name: Interrupt['name']) => {
    const interrupt = { name, exitCode: 128 + constants.signals[name] }
    if (!abort.signal.aborted) return abort.abort(interrupt)
    onSecond()
    process.exit(interrupt.exitCode)
  }
  const ignoreHangup = () => {}
  const onHangup = isHangupIgnored(env) ? ignoreHangup : () => raise('SIGHUP')
  const onInterrupt = () => raise('SIGINT')
  const onTerminate = () => raise('SIGTERM')
  process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate).on('SIGHUP', onHangup)
  return {
    signal: abort.signal,
    raise,
    stop: () => {
      process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate)
      if (onHangup !== ignoreHangup) process.off('SIGHUP', onHangup)
    },
  }
}

/**
 * Whether this program was started to live on when its terminal is closed, as by `nohup`. Node takes back every ignored
 * signal before any of our code runs, so nothing in this process tells. The launcher looks before that (scripts/build.mjs).
 * Where it was not used, the next best witness is what started us: a shell that names `nohup` as what it ran, or a parent
 * that ignores hangups itself.
 */
function isHangupIgnored(env: NodeJS.ProcessEnv): boolean {
  const looked = env.EC2_COLLECTIVE_HANGUP_IGNORED
  if (looked !== undefined) return looked === '1'
  return /(^|\/)nohup$/.test(env._ ?? '') || isIgnoredBy(process.ppid)
}

/** Linux only; elsewhere `false`. */
function isIgnoredBy(pid: number): boolean {
  try {
    const [, mask = '0'] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return (BigInt(`0x${mask}`) & (1n << BigInt(constants.signals.SIGHUP - 1))) !== 0n
  } catch {
    return false
  }
}
