import { readFileSync } from 'node:fs'
import { constants } from 'node:os'

/** A signal that asks the program to end, and its exit code as in a shell: 128 plus its number. */
export interface Interrupt {
  readonly name: 'SIGINT' | 'SIGTERM' | 'SIGHUP'
  readonly exitCode: number
}

/** The signals that ask this program to end. */
export interface Interrupts {
  /** Aborts at the first signal; its reason is the {@link Interrupt}. */
  readonly signal: AbortSignal
  /** Acts like the signal of this name: for a terminal that passes Ctrl-C as a key. */
  raise(name: Interrupt['name']): void
  /** Stops listening: Node's default handling then ends the process. */
  stop(): void
}

/**
 * Listens to the signals that ask this program to end. The program handles the first one; the second one ends it at once.
 * @param onSecond called before the process ends, for a last message
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
 * Whether this program was started to continue when its terminal is closed, as by `nohup`. Node resets ignored signals
 * before any of our code runs, so this process cannot tell. The launcher checks before that (scripts/build.mjs). Without
 * the launcher, the parent is the next best source: a shell that names `nohup` as what it ran, or a parent that ignores
 * SIGHUP itself.
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
