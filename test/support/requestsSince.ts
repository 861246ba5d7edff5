import type { RequestCounts } from '../../src/queues/requestCounts.ts'

/** The requests between two moments. */
export function requestsSince(before: RequestCounts, now: RequestCounts): RequestCounts {
  const byOperation: Record<string, { requests: number; billed: number }> = {}
  for (const [operation, count] of Object.entries(now.byOperation)) {
    const earlier = before.byOperation[operation] ?? { requests: 0, billed: 0 }
    if (count.requests === earlier.requests) continue
    byOperation[operation] = {
      requests: count.requests - earlier.requests,
      billed: count.billed - earlier.billed,
    }
  }
  return { requests: now.requests - before.requests, billed: now.billed - before.billed, byOperation }
}
