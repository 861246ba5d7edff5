import * as v from 'valibot'
import { expect } from 'vitest'
import { RunAgent, RunDocument, RunHead } from '../../src/report/runJson.ts'

/** Reads the JSON of a run. It must be what the schema says, without a field that the schema does not have. */
export function readRunJson(text: string): RunDocument {
  return strictly(RunDocument, JSON.parse(text))
}

/** The same for NDJSON. */
export function readRunNdjson(text: string): RunDocument {
  const [head, ...agents] = text.trimEnd().split('\n')
  return {
    ...strictly(RunHead, JSON.parse(head ?? '')),
    agents: agents.map((agent) => strictly(RunAgent, JSON.parse(agent))),
  }
}

/** The bytes of an output in the JSON of a run, in the order in which they were written. */
export function outputOf({ stdout, stderr, order }: RunAgent): ['stdout' | 'stderr', Buffer][] {
  const rest = { stdout: bytesOf(stdout), stderr: bytesOf(stderr) }
  return order.map(([stream, length]) => {
    const bytes = rest[stream].subarray(0, length)
    rest[stream] = rest[stream].subarray(length)
    return [stream, bytes]
  })
}

function bytesOf(output: RunAgent['stdout']): Buffer {
  return typeof output === 'string' ? Buffer.from(output) : Buffer.from(output.base64, 'base64')
}

function strictly<Schema extends v.GenericSchema>(schema: Schema, json: unknown): v.InferOutput<Schema> {
  const parsed = v.parse(schema, json)
  // Parsing drops what the schema does not have.
  expect(json).toEqual(parsed)
  return parsed
}
