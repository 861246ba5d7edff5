/** SQS bills each started 64 KB of payload as one request. */
export const billedUnitBytes = 64 * 1024

/** Requests to SQS so far. The difference of two gives the requests in between. */
export interface RequestCounts {
  /** HTTP requests, including retries and failed ones. */
  readonly requests: number
  /** What SQS charges for: successful requests, each counted once per 64 KiB of bodies. */
  readonly billed: number
  /** The same by SQS operation, as in `ReceiveMessage`. */
  readonly byOperation: Readonly<Record<string, { readonly requests: number; readonly billed: number }>>
}

export const noRequests: RequestCounts = { requests: 0, billed: 0, byOperation: {} }

/** Requests that carry `payloadBytes` of message bodies cost this many billed requests. */
export function billedUnits(payloadBytes: number): number {
  return Math.max(1, Math.ceil(payloadBytes / billedUnitBytes))
}

export function addRequest(counts: RequestCounts, operation: string, billed: number): RequestCounts {
  const before = counts.byOperation[operation] ?? { requests: 0, billed: 0 }
  return {
    requests: counts.requests + 1,
    billed: counts.billed + billed,
    byOperation: {
      ...counts.byOperation,
      [operation]: { requests: before.requests + 1, billed: before.billed + billed },
    },
  }
}
