import { readFileSync } from 'node:fs'

/** Linux: signals from here to the last are real-time signals, which have no names in Node. */
const [firstRealTime, lastRealTime] = [34, 64]
const lastNamed = 31

/** Of `/proc/<pid>/stat`, counted behind the command's name. */
const exitCodeField = 49

/**
 * The real-time signal that is ending a process. Node takes such an end for exit code 0; Linux tells it as long as nobody has
 * collected the process: from the moment when its files are closed to the `exit` event. Read at once, as that is short.
 * @returns undefined where it lives, ends in another way, or there is no `/proc`
 */
export function unnamedSignalOf(pid: number): string | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  return nameOfUnnamed(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[exitCodeField]))
}

/**
 * The name that `kill -l` has for it, as in `SIGRTMIN+1`.
 * @param status as `wait` gives it: the signal in its lowest seven bits
 * @returns undefined for signals that Node names, and none
 */
export function nameOfUnnamed(status: number): string | undefined {
  const signal = status & 0x7f
  if (signal <= lastNamed || signal > lastRealTime) return undefined
  // These two are the C library's own.
  if (signal < firstRealTime) return `SIG${signal}`
  const [above, below] = [signal - firstRealTime, lastRealTime - signal]
  if (above <= below) return above === 0 ? 'SIGRTMIN' : `SIGRTMIN+${above}`
  return below === 0 ? 'SIGRTMAX' : `SIGRTMAX-${below}`
}
