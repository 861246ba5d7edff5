import * as v from 'valibot'
import { Replay } from '../support/faults/asSeen.ts'

const Exchange = v.object({
  operation: v.string(),
  request: v.string(),
  status: v.number(),
  headers: v.record(v.string(), v.string()),
  answer: v.string(),
})

const ProbedRow = v.object({
  name: v.string(),
  assumed: v.string(),
  matters: v.string(),
  verdict: v.picklist(['same', 'differs', 'unclear']),
  seen: v.string(),
  evidence: v.array(Exchange),
  replay: v.array(Replay),
})

/** What was seen of one row. */
export type ProbedRow = v.InferOutput<typeof ProbedRow>

const Recorded = v.object({
  format: v.literal(1),
  /** What was probed, in words. */
  of: v.string(),
  /** ISO 8601. */
  at: v.string(),
  rows: v.array(ProbedRow),
})

/** One run of the probe, as `--json` writes it. */
export type Recorded = v.InferOutput<typeof Recorded>

/** @throws Error that says what is wrong with the text, and in which file */
export function parseRecorded(text: string, file: string): Recorded {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new Error(`${file} is not JSON: ${(error as Error).message}`)
  }
  const parsed = v.safeParse(Recorded, json)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  throw new Error(`${file} is not a recorded probe: ${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`)
}
