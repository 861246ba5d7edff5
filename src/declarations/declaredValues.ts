import * as v from 'valibot'
import { anySets } from '../protocol/filter/filterSets.ts'
import { readFilterWithSets } from '../protocol/filter/writtenFilter.ts'
import { readRollout } from '../run/rolloutText.ts'
import { closestWord } from '../text/closestWord.ts'
import { parseDuration } from '../text/duration.ts'
import { type Localizable, LocalizableError, say, sentenceOf } from '../text/localizable.ts'

/**
 * The values in declarations, as written in YAML (where every scalar arrives as text) and in JSON. `v.metadata` contains
 * what their JSON schema says in addition to, or instead of, what valibot checks.
 */

/** Text. In YAML it never needs quotes: `8080`, `1.50` and `true` arrive as they were written. */
export const Text = v.pipe(v.string(say('text').text), v.metadata({ isAnyScalar: true }))

const wrongText = say('text (a fraction in quotes)').text

/** Text in JSON, where a whole number arrives as it was written, but a fraction may not: `1.50` arrives as 1.5. */
export const JsonText = v.pipe(
  v.union([v.string(), v.pipe(v.number(), v.safeInteger(wrongText)), v.boolean()], wrongText),
  v.metadata({ anyOf: undefined, type: ['string', 'integer', 'boolean'] }),
  v.transform(String),
)

export const Flag = v.pipe(
  v.union(
    [v.boolean(), v.picklist(['true', 'True', 'TRUE', 'false', 'False', 'FALSE'])],
    say('true or false').text,
  ),
  v.metadata({ anyOf: undefined, type: 'boolean' }),
  v.transform((value) => String(value).toLowerCase() === 'true'),
)

const wrongDuration = say('a duration such as 60, 90s or 10m, at most 7d').text

/** A number of seconds, or text such as `90s` or `10m`. */
export const DurationText = v.pipe(
  v.union([v.number(), v.string()], wrongDuration),
  v.check((value) => parseDuration(String(value)) !== undefined, wrongDuration),
  v.metadata({
    ...{ anyOf: undefined, type: ['number', 'string'], exclusiveMinimum: 0 },
    pattern: String.raw`^\s*\d+(\.\d+)?\s*([mM]?[sS]|[mMhHdD])?\s*$`,
    examples: ['60', '90s', '10m', '1.5h'],
  }),
)

export const DeclaredDuration = v.pipe(DurationText, v.transform(numberIfWritten))

const Count = numeric({ type: 'integer', minimum: 0, examples: ['1'] })
const Pause = numeric({ type: ['number', 'string'], examples: ['30s'] })
const amount = (example: string) =>
  numeric({ type: ['integer', 'string'], pattern: String.raw`^\s*\d+(\.\d+)?\s*%?\s*$`, examples: [example] })

/** A number, or text that {@link readRollout} reads. */
function numeric(form: object) {
  return v.pipe(
    v.union([v.number(), v.string()], say('a number, or text').text),
    v.metadata({ anyOf: undefined, ...form }),
    v.transform(numberIfWritten),
  )
}

/** In YAML, numbers arrive as text. */
function numberIfWritten(value: number | string): number | string {
  return /^\d+(\.\d+)?$/.test(String(value)) ? Number(value) : value
}

/** A filter that can be parsed, as text. It may use named sets. */
export const FilterText = v.pipe(
  v.string(say('text').text),
  v.trim(),
  v.minLength(1, say('a filter; * means every agent').text),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.value === '') return
    try {
      // Which sets there are is known where the file is read.
      readFilterWithSets(dataset.value, anySets)
    } catch (error) {
      addIssue({ message: say('a filter').text, input: error })
    }
  }),
)

export const rolloutMeaning = 'How a run spreads over its agents. Without it, all of them start at once.'

/** {@link readRollout} turns it into a `Rollout`. */
export const DeclaredRollout = v.pipe(
  closedObject({
    canary: described(v.optional(Count), 'Number of agents that run first, on their own.'),
    batch: described(
      v.optional(amount('10%')),
      'Number of agents per step after that, or a share such as `10%`.',
    ),
    window: described(
      v.optional(amount('10')),
      'Instead of `batch`: most agents at once after that, or a share such as `10%`. The next one starts when one ends.',
    ),
    pause: described(
      v.optional(Pause),
      'Time between steps, or between `canary` and `window`: seconds, or `30s`, `5m`.',
    ),
    maxFailures: described(
      v.optional(amount('2')),
      'The rollout stops when more agents than this have failed: a number, or a share such as `5%`. Timeouts and agents with no reply count as failures. Default: 0.',
    ),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    try {
      readRollout(dataset.value)
    } catch (error) {
      const reason = new LocalizableError(say('{0}.', sentenceOf(error)), { cause: error })
      addIssue({ message: reason.message, input: reason })
    }
  }),
)

/** Adds the meaning of a key: a sentence in Markdown, which uses only code in backticks. */
export function described<Schema extends v.GenericSchema>(schema: Schema, meaning: string) {
  return v.pipe(schema, v.description(meaning))
}

/** An object without unknown keys. Each unknown key is reported, with the most similar known one. */
export function closedObject<const Entries extends v.ObjectEntries>(entries: Entries) {
  const known = Object.keys(entries)
  const object = v.pipe(
    v.looseObject(entries, say('a map of keys').text),
    v.rawCheck(({ dataset, addIssue }) => {
      if (typeof dataset.value !== 'object' || dataset.value === null) return
      const input = dataset.value as Record<string, unknown>
      for (const [key, value] of Object.entries(input)) {
        if (known.includes(key)) continue
        const meant = closestWord(key, known)
        const reason = new LocalizableError(unknownKey(key, meant))
        addIssue({
          message: reason.message,
          input: reason,
          path: [{ type: 'object', origin: 'key', input, key, value }],
          ...(meant !== undefined && { expected: meant }),
        })
      }
    }),
    v.metadata({ additionalProperties: false }),
  )
  // For TypeScript, its type is what it accepts: without other keys.
  return object as unknown as v.GenericSchema<
    v.InferInput<v.StrictObjectSchema<Entries, undefined>>,
    v.InferOutput<v.StrictObjectSchema<Entries, undefined>>
  >
}

/** @param meant the key that was probably meant */
export function unknownKey(key: string, meant: string | undefined): Localizable {
  return meant === undefined
    ? say('Unknown key “{0}”.', key)
    : say('Unknown key “{0}”. Did you mean “{1}”?', key, meant)
}
