import * as v from 'valibot'
import type { Chunk } from '../protocol/frames.ts'
import { AgentId, EnvironmentName, Hostname, RunId } from '../protocol/names.ts'
import { verdicts } from '../protocol/verdict.ts'
import { withoutSecrets } from '../run/runRequest.ts'
import type { ReplyState } from '../run/runState.ts'
import type { ReportedRun } from './reportedRun.ts'

/**
 * The run as NDJSON: one line about the run, then one line per agent. {@link readRunExport} returns the same data, byte
 * for byte, in the order in which stdout and stderr were written. Values of secret variables are omitted.
 */
export async function* exportNdjson(run: ReportedRun): AsyncGenerator<string> {
  yield `${JSON.stringify(head(run))}\n`
  for (const reply of run.state.replies.values()) yield `${JSON.stringify(await exportedReply(run, reply))}\n`
}

/** The same as one JSON document. */
export async function* exportJson(run: ReportedRun): AsyncGenerator<string> {
  yield `${JSON.stringify(head(run)).slice(0, -1)},"replies":[`
  let separator = '\n'
  for (const reply of run.state.replies.values()) {
    yield `${separator}${JSON.stringify(await exportedReply(run, reply))}`
    separator = ',\n'
  }
  yield '\n]}\n'
}

export type ExportedRun = v.InferOutput<typeof Head> & {
  readonly replies: readonly v.InferOutput<typeof Reply>[]
}

/**
 * Reads what {@link exportJson} or {@link exportNdjson} wrote.
 * @throws Error that says what is wrong, and where
 */
export function readRunExport(text: string): ExportedRun {
  const document = parsed(text)
  if (document !== undefined && typeof document === 'object' && document !== null && 'replies' in document) {
    return check(v.intersect([Head, v.object({ replies: v.array(Reply) })]), document, 'the document')
  }
  const [first = '', ...lines] = text.split('\n').filter((line) => line !== '')
  return {
    ...check(Head, parsed(first), 'line 1'),
    replies: lines.map((line, index) => check(Reply, parsed(line), `line ${index + 2}`)),
  }
}

/** The bytes of an exported output. */
export function exportedChunks(output: v.InferOutput<typeof Output>): Chunk[] {
  return output.map(([stream, content]) => ({
    stream,
    bytes: typeof content === 'string' ? Buffer.from(content) : Buffer.from(content.base64, 'base64'),
  }))
}

const Time = v.pipe(v.number(), v.integer(), v.minValue(0))
const Count = v.pipe(v.number(), v.integer(), v.minValue(0))

const Head = v.object({
  format: v.literal('ec2-collective-run'),
  v: v.literal(1),
  run: v.looseObject({
    runId: RunId,
    environment: EnvironmentName,
    request: v.looseObject({ filter: v.string(), action: v.looseObject({ kind: v.string() }) }),
    issuer: v.object({ name: v.string(), host: v.string() }),
    startedAt: Time,
    endedAt: v.optional(Time),
    phase: v.picklist(['running', 'paused', 'over']),
    stopReason: v.optional(v.string()),
  }),
})

/** `[stream, text]` in the order in which it was written; bytes that are not UTF-8 as base64. */
const Output = v.array(
  v.tuple([v.picklist([1, 2]), v.union([v.string(), v.object({ base64: v.pipe(v.string(), v.base64()) })])]),
)

const Reply = v.looseObject({
  agentId: AgentId,
  hostname: Hostname,
  expected: v.boolean(),
  state: v.picklist(['expected', 'running', ...verdicts]),
  stdoutBytes: Count,
  stderrBytes: Count,
  droppedBytes: Count,
  output: v.picklist(['none', 'partial', 'complete', 'incomplete']),
  content: Output,
})

function head({ state }: ReportedRun): object {
  const { runId, environment, request, issuer, startedAt, endedAt, phase, stopReason } = state
  return {
    ...{ format: 'ec2-collective-run', v: 1 },
    run: {
      ...{ runId, environment, request: withoutSecrets(request), issuer: { ...issuer }, startedAt, phase },
      ...(endedAt === undefined ? {} : { endedAt }),
      ...(stopReason === undefined ? {} : { stopReason }),
    },
  }
}

async function exportedReply(run: ReportedRun, reply: ReplyState) {
  const { frames, ...told } = reply
  return { ...told, content: merge(await run.output(reply.agentId)).map(content) }
}

/** Chunks may end within a character, so consecutive chunks of one stream are joined first. */
function merge(chunks: readonly Chunk[]): Chunk[] {
  const runs: { stream: 1 | 2; parts: Uint8Array[] }[] = []
  for (const { stream, bytes } of chunks) {
    const last = runs.at(-1)
    if (last?.stream === stream) last.parts.push(bytes)
    else runs.push({ stream, parts: [bytes] })
  }
  return runs.map(({ stream, parts }) => ({ stream, bytes: Buffer.concat(parts) }))
}

function content({ stream, bytes }: Chunk): [1 | 2, string | { base64: string }] {
  try {
    // `ignoreBOM` keeps a byte order mark: it is one of the bytes.
    return [stream, new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)]
  } catch {
    return [stream, { base64: Buffer.from(bytes).toString('base64') }]
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function check<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  where: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  const [issue] = result.issues
  const field = v.getDotPath(issue)
  throw new Error(
    `Not an exported run: ${where}${field === null ? '' : `, ${field}`}: ${issue.message.slice(0, 200)}`,
  )
}
