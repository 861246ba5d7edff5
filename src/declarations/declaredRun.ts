import * as v from 'valibot'
import { readFilter } from '../protocol/filter/writtenFilter.ts'
import { parseDuration } from './duration.ts'
import { readRollout } from './rolloutText.ts'

/** A duration in settings, workspace files and arguments: a number of seconds, or text such as `90s` or `10m`. */
export const DeclaredDuration = v.pipe(
  v.union([v.number(), v.string()]),
  v.check((value) => parseDuration(String(value)) !== undefined, 'a duration such as 60, 90s or 10m'),
)

/** A filter in arguments, which stands on its own from here on: `*` is everyone, and nothing is nobody. */
export const DeclaredFilter = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1, 'a filter; * means everyone'),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return readFilter(dataset.value)
    } catch (error) {
      addIssue({ message: `a filter: ${(error as Error).message.replace(/\.$/, '')}` })
      return NEVER
    }
  }),
)

/** A rollout in settings, workspace files and arguments; {@link readRollout} makes the real one of it. */
export const DeclaredRollout = v.pipe(
  v.strictObject({
    canary: v.optional(v.number()),
    batch: v.optional(v.union([v.number(), v.string()])),
    pause: v.optional(v.union([v.number(), v.string()])),
    maxFailures: v.optional(v.union([v.number(), v.string()])),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    try {
      readRollout(dataset.value)
    } catch (error) {
      addIssue({ message: (error as Error).message })
    }
  }),
)
