import type { WireRequest } from './wire.ts'

/** AWS takes a signature that was made so long before or after it arrives, milliseconds. */
const toleranceMs = 5 * 60_000

/**
 * Why AWS would refuse a request for the time at which it was signed, in words; undefined when it would not, or when it says
 * no time.
 * @param now AWS's clock, milliseconds
 */
export function whyMisdated({ headers }: WireRequest, now: number): string | undefined {
  const stamp = headers['x-amz-date'] ?? ''
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(stamp) ?? []
  if (year === undefined) return undefined
  const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (signedAt < now - toleranceMs)
    return `Signature expired: ${stamp} is now earlier than ${stampOf(now - toleranceMs)} (${stampOf(now)} - 5 min.)`
  if (signedAt > now + toleranceMs)
    return `Signature not yet current: ${stamp} is still later than ${stampOf(now + toleranceMs)} (${stampOf(now)} + 5 min.)`
  return undefined
}

function stampOf(time: number): string {
  return new Date(time).toISOString().replaceAll(/[-:]|\.\d+/g, '')
}
