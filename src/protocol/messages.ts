import * as v from 'valibot'
import { ActionSchema, requirableParts, requiring } from './action.ts'
import { AgentId, EnvironmentName, QueueName, RunId, ShownHostname } from './names.ts'
import { Count, DurationMs, Time } from './numbers.ts'
import { TargetSet } from './targetSet.ts'

const ShortText = v.pipe(v.string(), v.maxLength(1024))

const CommandSchema = v.object({
  type: v.literal('command'),
  runId: RunId,
  /** An agent refuses a command for another environment, whichever queue it came from. */
  environment: EnvironmentName,
  /**
   * When the run was first sent to these agents, by SQS's clock as the master knows it. Repeated messages carry the same
   * value, so that an agent recognises runs from before its memory, and replayed commands.
   */
  issuedAt: Time,
  /** The agent does not execute it when it is older than this by `SentTimestamp`. */
  ttlMs: DurationMs,
  issuer: v.object({ name: ShortText, host: ShortText }),
  /** Queue name; see `mayReplyTo`. */
  replyTo: QueueName,
  /** Filter text; `*` means every agent. Empty is an error. */
  filter: v.pipe(v.string(), v.minLength(1)),
  /** When present, only these agents; the filter must match as well. Agents of every version respect it. */
  targets: v.optional(v.array(AgentId)),
  /** The same for a list that is too long for a message: see `targetSet.ts`. Agents that cannot read it refuse the command. */
  targetSet: v.optional(TargetSet),
  action: ActionSchema,
  /** The agent stops the command after this. */
  timeoutMs: DurationMs,
  /** Bytes of output per reply that the agent keeps (head and tail); the agent's own limit applies when lower. */
  outputLimitBytes: v.optional(Count),
})

const from = {
  runId: RunId,
  agentId: AgentId,
  hostname: ShownHostname,
  /** The agent's clock. */ sentAt: Time,
}

/** `[stream, byteLength]` in the order in which the bytes were written; 1 is stdout, 2 is stderr. */
const Segments = v.array(v.tuple([v.picklist([1, 2]), Count]))

const StreamDigest = v.object({
  /** Bytes sent in frames. */
  bytes: Count,
  /** SHA-256 (hex) of these bytes. */
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** Bytes left out between head and tail because of the output limit. */
  droppedBytes: Count,
  /** Offset in the sent bytes at which bytes were dropped. */
  droppedAt: v.optional(Count),
})

const Outcome = v.variant('kind', [
  v.object({
    kind: v.literal('exited'),
    code: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255)),
  }),
  v.object({ kind: v.literal('signalled'), signal: ShortText }),
  /** The agent stopped it after `timeoutMs`. */
  v.object({ kind: v.literal('timed-out') }),
  /** `started` is false when it was cancelled before it started. */
  v.object({ kind: v.literal('cancelled'), started: v.boolean() }),
  /** The agent was restarted while it ran. */
  v.object({ kind: v.literal('interrupted') }),
  /** It could not be started: no such interpreter, directory or user. */
  v.object({ kind: v.literal('not-executed'), reason: ShortText }),
])

const AckSchema = v.object({
  type: v.literal('ack'),
  ...from,
  /** `queued`: waits for a free slot of the agent's `max_parallel`. */
  state: v.picklist(['queued', 'started']),
})

const OutputSchema = v.object({
  type: v.literal('output'),
  ...from,
  /** Frame number within this reply, from 0. The frame's bytes are the body's data. */
  frame: Count,
  segments: Segments,
})

const ResultSchema = v.object({
  type: v.literal('result'),
  ...from,
  outcome: Outcome,
  durationMs: Count,
  /** Frames of this reply, including the one in this body. */
  frames: Count,
  stdout: StreamDigest,
  stderr: StreamDigest,
  /** The last frame, when this body has room for it: its number and segments; its bytes are the body's data. */
  last: v.optional(v.object({ frame: Count, segments: Segments })),
})

const refusalCodes = [
  'environment',
  'filter',
  'targets',
  'unsupported',
  'policy',
  'signature',
  'expired',
  'reply-queue',
  'busy',
] as const

const RefusalSchema = v.object({
  type: v.literal('refusal'),
  ...from,
  /** An unknown code of a later version is read as `unsupported`: the refusal matters, and `reason` says why. */
  code: v.fallback(v.picklist(refusalCodes), 'unsupported'),
  /** A sentence for the person who sent the command. */
  reason: ShortText,
})

const FactsSchema = v.object({
  type: v.literal('facts'),
  agentId: AgentId,
  hostname: ShownHostname,
  environment: EnvironmentName,
  version: ShortText,
  /** Start of the agent process, by its clock. */
  startedAt: Time,
  sentAt: Time,
  /** Time until the next facts message at the latest, milliseconds. */
  intervalMs: DurationMs,
  running: v.array(RunId),
  /** The agent stops on purpose, and publishes nothing more. Masters that do not know this see it stop publishing. */
  leaving: v.optional(v.boolean()),
  /** Sentences about problems with fact sources. */
  problems: v.optional(v.array(ShortText)),
  /** Nested data; see `facts.ts`. */
  facts: v.record(v.string(), v.unknown()),
})

const schemas = {
  ...{ command: CommandSchema, ack: AckSchema, output: OutputSchema },
  ...{ result: ResultSchema, refusal: RefusalSchema, facts: FactsSchema },
}
const MessageSchema = v.variant('type', Object.values(schemas))

export type CommandMessage = v.InferOutput<typeof CommandSchema>
export type AckMessage = v.InferOutput<typeof AckSchema>
export type OutputMessage = v.InferOutput<typeof OutputSchema>
export type ResultMessage = v.InferOutput<typeof ResultSchema>
export type RefusalMessage = v.InferOutput<typeof RefusalSchema>
export type ReplyMessage = AckMessage | OutputMessage | ResultMessage | RefusalMessage
export type FactsMessage = v.InferOutput<typeof FactsSchema>
export type Message = v.InferOutput<typeof MessageSchema>
export type Outcome = v.InferOutput<typeof Outcome>
export type StreamDigest = v.InferOutput<typeof StreamDigest>
/** `[stream, byteLength]`, 1 is stdout and 2 is stderr. */
export type Segment = [stream: 1 | 2, byteLength: number]

/**
 * Checks parsed JSON against the schemas of version 1. Unknown fields are dropped, an unknown action becomes
 * `unsupported`.
 * @throws Error that names the field and the reason
 */
export function parseMessage(json: unknown): Message {
  const parsed = v.safeParse(schemaOf(json), json, { abortEarly: true })
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const field = v.getDotPath(issue) ?? 'message'
  // Both may quote what somebody else wrote.
  throw new Error(`${field.slice(0, 200)}: ${issue.message.slice(0, 200)}`)
}

/** The message as it is sent: a command's action says which of its parts must not be ignored. */
export function wireForm(message: Message): unknown {
  if (message.type !== 'command' || message.action.kind === 'unsupported') return message
  const parts = requirableParts.filter((part) => Object.hasOwn(message, part))
  return parts.length === 0 ? message : { ...message, action: requiring(message.action, parts) }
}

/** Looked up by type: having Valibot try all schemas would take much longer. */
function schemaOf(json: unknown): v.GenericSchema<unknown, Message> {
  const type = typeof json === 'object' && json !== null && 'type' in json ? json.type : undefined
  return typeof type === 'string' && Object.hasOwn(schemas, type)
    ? schemas[type as keyof typeof schemas]
    : MessageSchema
}
