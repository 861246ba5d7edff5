/** One run: milliseconds from the call until the last answer, the first one and half of them are in. */
export interface RunTimes {
  readonly elapsedMs: number
  readonly firstMs: number
  readonly p50Ms: number
  /** Of the master, until the command is taken back. */
  readonly requests: number
}

/** @param arrivals when each answer came, milliseconds after the call, in any order */
export function timesOf(arrivals: readonly number[], requests: number): RunTimes {
  const sorted = [...arrivals].sort((a, b) => a - b)
  const [firstMs = Number.NaN, p50Ms = Number.NaN] = [sorted[0], sorted[Math.floor(sorted.length / 2)]]
  return { elapsedMs: sorted.at(-1) ?? Number.NaN, firstMs, p50Ms, requests }
}
