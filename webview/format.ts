/** `85 ms`, `1.2 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  if (seconds < 59.5) return `${Math.round(seconds)} s`
  const whole = Math.round(seconds)
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`
  return minutes % 60 === 0
    ? `${Math.floor(minutes / 60)} h`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `0 B`, `812 B`, `4.2 KiB`, `10 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const kib = bytes / 1024
  if (kib < 1024) return `${kib < 10 ? kib.toFixed(1) : Math.round(kib)} KiB`
  const mib = kib / 1024
  return `${mib < 10 ? mib.toFixed(1) : Math.round(mib)} MiB`
}

export function formatCount(count: number): string {
  return counts.format(count)
}

/** `1 agent`, `2,400 agents`. */
export function formatNumberOf(count: number, what: string): string {
  return `${formatCount(count)} ${count === 1 ? what : `${what}s`}`
}

/** `today, 14:32:07` or `21 Nov, 14:32:07`, with the year when it is another one. */
export function formatTime(at: number, now: number): string {
  const then = new Date(at)
  const today = new Date(now)
  const time = then.toLocaleTimeString('en-GB')
  if (then.toDateString() === today.toDateString()) return `today, ${time}`
  const sameYear = then.getFullYear() === today.getFullYear()
  const date = then.toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    ...(sameYear ? {} : { year: 'numeric' }),
  })
  return `${date}, ${time}`
}

const counts = new Intl.NumberFormat('en')
