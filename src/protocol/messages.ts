import * as v from 'valibot'
import { ActionSchema, requirableParts, requiring } from './action.ts'
import { described, maybe } from './described.ts'
import { AgentId, EnvironmentName, QueueName, RunId, ShownHostname } from './names.ts'
import { Count, DurationMs, Time } from './numbers.ts'
import { TargetSet } from './targetSet.ts'

const ShortText = v.pipe(v.string(), v.maxLength(1024))

const CommandSchema = v.object({
  type: v.literal('command'),
  runId: described(
    RunId,
    'Chosen by the master, unique for all time, the same in every message of a run. Of a `cancel` and a `resend` it is an ID of its own, and the run is in the action.',
  ),
  environment: described(
    EnvironmentName,
    'An agent refuses a command for another environment, whichever queue it came from.',
  ),
  issuedAt: described(
    Time,
    'When the run was first sent to these agents, by SQS’s clock as the master knows it. The same in every message that repeats it, so that agents recognise runs from before their memory, and replayed commands.',
  ),
  ttlMs: described(
    DurationMs,
    'The command is not executed when it is older than this by SQS’s `SentTimestamp`.',
  ),
  issuer: v.object({
    name: described(
      ShortText,
      'The person or program that sent it. Claimed, not proven; for people and logs.',
    ),
    host: described(ShortText, 'The computer that it was sent from, likewise.'),
  }),
  replyTo: described(QueueName, 'The queue that replies go to. See “Names of queues”.'),
  filter: described(
    v.pipe(v.string(), v.minLength(1)),
    'An expression over facts ([filters.md](filters.md)); `*` matches every agent.',
  ),
  targets: maybe(
    v.array(AgentId),
    'If present, only these agents execute the command; the filter must match as well.',
  ),
  targetSet: maybe(
    TargetSet,
    'The same for more agents than a list has room for, base64: see “Sets of targets”. Masters always have the action *require* it. Not in 5fa5438.',
  ),
  action: described(ActionSchema, 'What to do. See “Actions”.'),
  timeoutMs: described(DurationMs, 'The agent stops the command after this, counted from its start.'),
  outputLimitBytes: maybe(
    Count,
    'Bytes of output, of both streams together, that the agent keeps, its first and its last half; the agent’s own limit applies where that is lower.',
  ),
})

const from = {
  runId: described(
    RunId,
    'Of the command. Of a `cancel` or `resend`: the run that it is about, except in a refusal.',
  ),
  agentId: described(
    AgentId,
    'The ID of the EC2 instance where there is one. Masters compare it with `SenderId`. Elsewhere an ID that stays, and that no other agent has.',
  ),
  hostname: ShownHostname,
  sentAt: described(Time, 'When this was written, by the agent’s clock.'),
}

const Segments = described(
  v.array(v.tuple([v.picklist([1, 2]), Count])),
  'Pairs `[stream, bytes]` in the order in which the output was written; 1 is stdout, 2 is stderr. The bytes are the body’s data.',
)

const StreamDigest = v.object({
  bytes: described(Count, 'Bytes of this stream in all frames of the reply.'),
  sha256: described(
    v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
    'SHA-256 of these bytes, hexadecimal; of no bytes for an empty stream.',
  ),
  droppedBytes: described(Count, 'Bytes left out because of the output limit, or of a full disk.'),
  droppedAt: maybe(Count, 'The offset in the bytes that were sent at which they are missing.'),
})

const Outcome = v.variant('kind', [
  v.object({
    kind: described(v.literal('exited'), 'It ended by itself.'),
    code: described(
      v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255)),
      'Its exit code; 0 is success.',
    ),
  }),
  v.object({
    kind: described(v.literal('signalled'), 'A signal that the agent did not send ended it.'),
    signal: described(ShortText, 'The name of the signal, as in `SIGSEGV`.'),
  }),
  v.object({ kind: described(v.literal('timed-out'), 'The agent stopped it after `timeoutMs`.') }),
  v.object({
    kind: described(
      v.literal('cancelled'),
      'The agent stopped it, or never started it, because of a `cancel`.',
    ),
    started: described(v.boolean(), 'Whether it had been started.'),
  }),
  v.object({
    kind: described(
      v.literal('interrupted'),
      'The agent ended or was restarted while it ran. How far it came is not known.',
    ),
  }),
  v.object({
    kind: described(v.literal('not-executed'), 'It could not be started: nothing was executed.'),
    reason: described(
      ShortText,
      'Why: no such interpreter, directory or user. Masters show it as a failure.',
    ),
  }),
])

const AckSchema = v.object({
  type: v.literal('ack'),
  ...from,
  state: described(
    v.picklist(['queued', 'started']),
    '`queued`: it waits until the agent has a free slot. `started`: it runs; the deadline counts from here.',
  ),
})

const OutputSchema = v.object({
  type: v.literal('output'),
  ...from,
  frame: described(Count, 'Number of the frame within this reply, from 0 and without a gap.'),
  segments: Segments,
})

const ResultSchema = v.object({
  type: v.literal('result'),
  ...from,
  outcome: described(Outcome, 'How it ended. See below.'),
  durationMs: described(Count, 'How long it ran.'),
  frames: described(Count, 'Number of frames of this reply, with the one in this body.'),
  stdout: StreamDigest,
  stderr: StreamDigest,
  last: maybe(
    v.object({
      frame: described(Count, 'Its number, `frames` − 1.'),
      segments: Segments,
    }),
    'The last frame, if it is in this body.',
  ),
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
  code: described(
    v.fallback(v.picklist(refusalCodes), 'unsupported'),
    'Why, for programs: see “What an agent does with a command”. Masters read an unknown code as `unsupported`.',
  ),
  reason: described(ShortText, 'A sentence for the person who sent the command.'),
})

const FactsSchema = v.object({
  type: v.literal('facts'),
  agentId: described(AgentId, 'As in replies.'),
  hostname: ShownHostname,
  environment: described(
    EnvironmentName,
    'The environment of the agent. Masters of another one reject the message.',
  ),
  version: described(ShortText, 'Version of the agent, for people.'),
  startedAt: described(Time, 'When the agent was started, by its clock.'),
  sentAt: described(Time, 'When this was written, by the agent’s clock.'),
  intervalMs: described(DurationMs, 'The next facts come after this time at the latest.'),
  running: described(v.array(RunId), 'Runs that wait or are executed.'),
  leaving: maybe(v.boolean(), 'The agent stops on purpose and publishes nothing more. Not in 5fa5438.'),
  problems: maybe(v.array(ShortText), 'Sentences about problems of the agent and its sources of facts.'),
  facts: described(
    v.record(v.string(), v.unknown()),
    'What filters select by: any JSON, nested at most 64 levels deep. `hostname` and `agent.id` belong in it.',
  ),
})

/** Every message by its type. `npm run declarations` writes the tables of docs/messages.md from it. */
export const messageSchemas = {
  ...{ command: CommandSchema, ack: AckSchema, output: OutputSchema },
  ...{ result: ResultSchema, refusal: RefusalSchema, facts: FactsSchema },
}
const MessageSchema = v.variant('type', Object.values(messageSchemas))

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
  return typeof type === 'string' && Object.hasOwn(messageSchemas, type)
    ? messageSchemas[type as keyof typeof messageSchemas]
    : MessageSchema
}
