import * as v from 'valibot'
import { invalidParameter, Refusal } from './refusal.ts'

export const Text = v.string('has to be text')

export function integer(least: number, most: number) {
  const range = `has to be an integer from ${least} to ${most}`
  return v.pipe(v.number(range), v.integer(range), v.minValue(least, range), v.maxValue(most, range))
}

/** Entries of a batch, each with its `Id`. */
export function entriesOf<Fields extends v.ObjectEntries>(fields: Fields) {
  return v.optional(v.array(v.object({ Id: Text, ...fields })), [])
}

/** @throws Refusal that names the parameter */
export function parseInput<Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, input)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const name = v.getDotPath(issue) ?? 'the request'
  if (issue.received === 'undefined') throw missingParameter(name)
  throw invalidParameter(
    `Value ${issue.received} for parameter ${name} is invalid. Reason: ${issue.message}.`,
  )
}

export function missingParameter(name: string): Refusal {
  return new Refusal('MissingParameter', `The request must contain the parameter ${name}.`)
}

interface Entry {
  readonly Id: string
}

export interface BatchOutcome<Told> {
  readonly Successful: readonly (Entry & Told)[]
  readonly Failed: readonly (Entry & { SenderFault: boolean; Code: string; Message: string })[]
}

/**
 * Does `work` for each entry; a refusal fails only that entry.
 * @throws Refusal when the batch as a whole is invalid
 */
export function eachEntry<E extends Entry, Told extends object>(
  entries: readonly E[],
  work: (entry: E) => Told,
): BatchOutcome<Told> {
  checkBatch(entries)
  const Successful: (Entry & Told)[] = []
  const Failed: (Entry & { SenderFault: boolean; Code: string; Message: string })[] = []
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...work(entry) })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      Failed.push({ Id: entry.Id, SenderFault: true, Code: error.queryCode, Message: error.message })
    }
  }
  return { Successful, Failed }
}

function checkBatch(entries: readonly Entry[]): void {
  if (entries.length === 0) throw batchRefusal('EmptyBatchRequest', 'There should be at least one entry.')
  if (entries.length > 10) {
    throw batchRefusal('TooManyEntriesInBatchRequest', 'Maximum number of entries per request are 10.')
  }
  for (const { Id } of entries) {
    if (/^[A-Za-z0-9_-]{1,80}$/.test(Id)) continue
    throw batchRefusal(
      'InvalidBatchEntryId',
      'An entry id has 1 to 80 letters, digits, hyphens and underscores.',
    )
  }
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length) {
    throw batchRefusal('BatchEntryIdsNotDistinct', 'Two entries have the same id.')
  }
}

export function batchRefusal(code: string, message: string): Refusal {
  return new Refusal(code, message, { queryCode: `AWS.SimpleQueueService.${code}` })
}
