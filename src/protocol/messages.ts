import * as v from 'valibot'
import { AgentId, EnvironmentName, Hostname, QueueName, RunId } from './names.ts'

/** Levels of nesting in facts. Deeper data is nobody's facts, and breaks whatever walks it by recursion. */
const deepestFacts = 64

/** Milliseconds since the epoch. */
const Time = v.pipe(v.number(), v.integer(), v.minValue(0))
const Count = v.pipe(v.number(), v.integer(), v.minValue(0))
const DurationMs = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(7 * 24 * 3600 * 1000))
const ShortText = v.pipe(v.string(), v.maxLength(1024))

/** Valibot's own check of base64 needs a stack as deep as the text is long. */
const Base64 = v.pipe(
  v.string(),
  v.check((text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text), 'base64 text'),
)

const EnvironmentVariables = v.record(
  v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'a variable name: letters, digits, _')),
  v.pipe(
    v.string(),
    v.check((value) => !value.includes('\0'), 'a value without NUL'),
  ),
)

/** How a shell command or a script is to be executed. Each part is subject to the agent's policy. */
const executionFields = {
  /** Absolute directory to run in; the agent's default otherwise. */
  directory: v.optional(v.pipe(v.string(), v.startsWith('/', 'an absolute directory'), v.maxLength(4096))),
  environment: v.optional(EnvironmentVariables),
  /** User name to run as; the agent's own otherwise. */
  user: v.optional(v.pipe(v.string(), v.regex(/^[a-z_][a-z0-9_-]{0,31}\$?$/i, 'a user name'))),
}

const KnownAction = v.variant('kind', [
  v.object({ kind: v.literal('shell'), command: v.pipe(v.string(), v.minLength(1)), ...executionFields }),
  v.object({
    kind: v.literal('script'),
    /** File name for people and for `$0`; no directories. */
    name: v.pipe(v.string(), v.regex(/^[^/\p{C}]{1,255}$/u, 'a file name')),
    /** The script's exact bytes, base64. */
    content: Base64,
    args: v.array(v.string()),
    /** Program that runs the script; otherwise its `#!` line, otherwise the agent's shell. */
    interpreter: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(255))),
    ...executionFields,
  }),
  v.object({ kind: v.literal('ping') }),
  /** Read all fact sources again and publish. */
  v.object({ kind: v.literal('facts') }),
  /**
   * Stop `runId`, or never start it. Answered within that run. `issuedAt` is the run's: an agent that remembers less cannot
   * say that it never began it.
   */
  v.object({ kind: v.literal('cancel'), runId: RunId, issuedAt: v.optional(Time) }),
  /** Send frames of `runId` again; `missing` holds frame numbers, and `result` asks for the result too. */
  v.object({
    kind: v.literal('resend'),
    runId: RunId,
    missing: v.pipe(v.array(Count), v.maxLength(1000)),
    result: v.boolean(),
  }),
])

/** An action that this version does not know, or whose fields it cannot use: refused by name, never ignored. */
const UnsupportedAction = v.pipe(
  v.looseObject({ kind: v.pipe(v.string(), v.maxLength(64)) }),
  v.transform(({ kind }) => ({ kind: 'unsupported' as const, requested: kind })),
)

const CommandSchema = v.object({
  type: v.literal('command'),
  runId: RunId,
  /** An agent refuses a command made for another environment, whatever queue it came by. */
  environment: EnvironmentName,
  /**
   * When the run was first sent to these agents, by SQS's clock as the master knows it: the same in every message that
   * carries it again, so that an agent knows what began before its memory does, and what is played back.
   */
  issuedAt: Time,
  /** Not executed when older than this by `SentTimestamp`. */
  ttlMs: DurationMs,
  issuer: v.object({ name: ShortText, host: ShortText }),
  /** Queue name; see `mayReplyTo`. */
  replyTo: QueueName,
  /** Filter text; `*` means everyone. Empty is an error. */
  filter: v.pipe(v.string(), v.minLength(1)),
  /** When given, only these agents; the filter must hold as well. A long list is spread over several messages. */
  targets: v.optional(v.array(AgentId)),
  action: v.union([KnownAction, UnsupportedAction]),
  /** The agent stops the command after this. */
  timeoutMs: DurationMs,
  /** Bytes of output per reply that the agent keeps (head and tail); its own limit rules when lower. */
  outputLimitBytes: v.optional(Count),
})

const from = { runId: RunId, agentId: AgentId, hostname: Hostname, /** The agent's clock. */ sentAt: Time }

/** `[stream, byteLength]` in the order in which the bytes were written; 1 is stdout, 2 is stderr. */
const Segments = v.array(v.tuple([v.picklist([1, 2]), Count]))

const StreamDigest = v.object({
  /** Bytes sent in frames. */
  bytes: Count,
  /** SHA-256 (hex) of these bytes. */
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** Bytes left out between head and tail because of the output limit. */
  droppedBytes: Count,
  /** Offset in the sent bytes at which the dropped ones would stand. */
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
  /** `started` is false when it was cancelled before it began. */
  v.object({ kind: v.literal('cancelled'), started: v.boolean() }),
  /** The agent was restarted underneath. */
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
  /** Frames of this reply, including the one in this very body. */
  frames: Count,
  stdout: StreamDigest,
  stderr: StreamDigest,
  /** The last frame, when it fits into this body: its number and segments; bytes are the body's data. */
  last: v.optional(v.object({ frame: Count, segments: Segments })),
})

const RefusalSchema = v.object({
  type: v.literal('refusal'),
  ...from,
  code: v.picklist([
    'environment',
    'filter',
    'targets',
    'unsupported',
    'policy',
    'signature',
    'expired',
    'reply-queue',
    'busy',
  ]),
  /** A sentence for the person who sent the command. */
  reason: ShortText,
})

const FactsSchema = v.object({
  type: v.literal('facts'),
  agentId: AgentId,
  hostname: Hostname,
  environment: EnvironmentName,
  version: ShortText,
  /** The agent process's start, by its clock. */
  startedAt: Time,
  sentAt: Time,
  /** When it says the next one at the latest, milliseconds. */
  intervalMs: DurationMs,
  running: v.array(RunId),
  /** Sentences about fact sources in trouble. */
  problems: v.optional(v.array(ShortText)),
  /** Nested data; see `facts.ts`. */
  facts: v.pipe(
    v.record(v.string(), v.unknown()),
    v.check(isFlatEnough, `facts nested at most ${deepestFacts} levels deep`),
  ),
})

const schemas = {
  ...{ command: CommandSchema, ack: AckSchema, output: OutputSchema },
  ...{ result: ResultSchema, refusal: RefusalSchema, facts: FactsSchema },
}
const MessageSchema = v.variant('type', Object.values(schemas))

export type CommandMessage = v.InferOutput<typeof CommandSchema>
export type Action = v.InferOutput<typeof KnownAction>
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
  throw new Error(`${field}: ${issue.message.slice(0, 200)}`)
}

/** Found by name: to have them all tried takes as long as the one that fits. */
function schemaOf(json: unknown): v.GenericSchema<unknown, Message> {
  const type = typeof json === 'object' && json !== null && 'type' in json ? json.type : undefined
  return typeof type === 'string' && Object.hasOwn(schemas, type)
    ? schemas[type as keyof typeof schemas]
    : MessageSchema
}

function isFlatEnough(facts: Record<string, unknown>): boolean {
  let level: unknown[] = [facts]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepestFacts) return false
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    )
  }
  return true
}
