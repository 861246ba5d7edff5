import * as v from 'valibot'

/** Milliseconds since the epoch, at most what a `Date` can be. */
export const Time = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8.64e15))

/** At most what a number holds exactly. */
export const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

/** Milliseconds, at most a week. */
export const DurationMs = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(7 * 24 * 3600 * 1000))
