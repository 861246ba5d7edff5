/**
 * Reads a duration: `90`, `90s`, `10m`, `1.5h`, `1d`; a bare number means seconds.
 * @returns milliseconds, at least 1; undefined when it is not a duration, or longer than the protocol's 7 days
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/i.exec(text.trim())
  if (match === null) return undefined
  const unit = (match[2]?.toLowerCase() ?? 's') as keyof typeof units
  const durationMs = Math.round(Number(match[1]) * units[unit])
  return durationMs >= 1 && durationMs <= 7 * units.d ? durationMs : undefined
}

/** The shortest exact way to write it: `90 s`, `10 min`, `1 h 30 min`. */
export function printDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`
  if (durationMs < 120_000) return `${trim(durationMs / 1000)} s`
  const minutes = Math.round(durationMs / units.m)
  if (minutes < 60) return `${minutes} min`
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  if (hours < 48) return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`
  return `${trim(durationMs / units.d)} d`
}

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

function trim(value: number): string {
  return String(Math.round(value * 10) / 10)
}
