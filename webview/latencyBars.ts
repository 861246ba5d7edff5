export interface LatencyBar {
  /** From and up to this, milliseconds. */
  readonly fromMs: number
  readonly toMs: number
  readonly agents: number
}

/** Latencies in bars of equal ratio from the fastest to the slowest, so that 20 ms and 20 s are both visible. */
export function latencyBars(latenciesMs: readonly number[], bars: number): LatencyBar[] {
  if (latenciesMs.length === 0) return []
  let least = Number.POSITIVE_INFINITY
  let most = 1
  for (const latency of latenciesMs) {
    least = Math.min(least, Math.max(1, latency))
    most = Math.max(most, latency)
  }
  const ratio = Math.max(most / least, 1.001) ** (1 / bars)
  const counts = new Array<number>(bars).fill(0)
  for (const latency of latenciesMs) {
    const bar = Math.floor(Math.log(Math.max(latency, least) / least) / Math.log(ratio))
    const at = Math.min(bars - 1, Math.max(0, bar))
    counts[at] = (counts[at] ?? 0) + 1
  }
  return counts.map((agents, bar) => ({
    fromMs: least * ratio ** bar,
    toMs: least * ratio ** (bar + 1),
    agents,
  }))
}
