import * as v from 'valibot'

/** Milliseconds since the epoch. */
export const Time = v.pipe(v.number(), v.integer(), v.minValue(0))

export const Count = v.pipe(v.number(), v.integer(), v.minValue(0))

/** Milliseconds, at most a week. */
export const DurationMs = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(7 * 24 * 3600 * 1000))
