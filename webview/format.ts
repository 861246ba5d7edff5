import type { RunHeader } from '../src/page/runHeader.ts'
import { language, t } from './words.ts'

/** `85 ms`, `1.2 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return t('{0} ms', Math.round(ms))
  const seconds = ms / 1000
  if (seconds < 9.95) return t('{0} s', decimals.format(seconds))
  if (seconds < 59.5) return t('{0} s', Math.round(seconds))
  const whole = Math.round(seconds)
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return whole % 60 === 0 ? t('{0} min', minutes) : t('{0} min {1} s', minutes, whole % 60)
  return minutes % 60 === 0
    ? t('{0} h', Math.floor(minutes / 60))
    : t('{0} h {1} min', Math.floor(minutes / 60), minutes % 60)
}

/** `0 B`, `812 B`, `4.2 KiB`, `10 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const kib = bytes / 1024
  if (kib < 1024) return `${kib < 10 ? decimals.format(kib) : Math.round(kib)} KiB`
  const mib = kib / 1024
  return `${mib < 10 ? decimals.format(mib) : Math.round(mib)} MiB`
}

export function formatCount(count: number): string {
  return counts.format(count)
}

/** `12 of 2,400`. */
export function formatPart(part: number, total: number): string {
  return t('{0} of {1}', formatCount(part), formatCount(total))
}

/** `1 agent`, `2,400 agents`. */
export function formatAgents(count: number): string {
  return count === 1 ? t('1 agent') : t('{0} agents', formatCount(count))
}

/** `today, 14:32:07` or `21 Nov, 14:32:07`, with the year when it is another one. */
export function formatTime(at: number, now: number): string {
  const then = new Date(at)
  const today = new Date(now)
  const time = then.toLocaleTimeString(dates)
  if (then.toDateString() === today.toDateString()) return t('today, {0}', time)
  const sameYear = then.getFullYear() === today.getFullYear()
  const date = then.toLocaleDateString(dates, {
    day: 'numeric',
    month: 'short',
    ...(sameYear ? {} : { year: 'numeric' }),
  })
  return `${date}, ${time}`
}

/** `14:32:07`. */
export function formatClock(at: number): string {
  return new Date(at).toLocaleTimeString(dates)
}

const decimals = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const counts = new Intl.NumberFormat(language)

/** English as most of the world writes it: 24 hours, the day before the month. */
const dates = language.startsWith('en') ? 'en-GB' : language

/** Who sent a run, beyond what its sender claims: according to AWS, and by which key. */
export function senderWords({ sender, signingKey }: Pick<RunHeader, 'sender' | 'signingKey'>): string[] {
  return [
    ...(sender === undefined ? [] : [t('AWS: {0}', sender)]),
    ...(signingKey === undefined ? [] : [t('signed with {0}', signingKey)]),
  ]
}
