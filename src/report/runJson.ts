import * as v from 'valibot'
import { described, maybe } from '../protocol/described.ts'
import { type AgentState, verdicts } from '../protocol/verdict.ts'

/*
 * The JSON of a run, for programs: what `runExport.ts` writes. `npm run declarations` writes media/run.schema.json and the
 * tables of docs/run-json.md from it. What a reader may rely on, and when the version changes: docs/run-json.md.
 */

const Count = v.pipe(v.number(), v.integer(), v.minValue(0))
const Time = v.pipe(v.string(), v.isoTimestamp())
const Texts = v.array(v.string())
const text = v.string()
const orNull = <Schema extends v.GenericSchema>(schema: Schema, description: string) =>
  v.pipe(v.nullable(schema), v.description(description))

const State = v.picklist(['expected', 'running', ...verdicts])

const Counts = v.object(
  Object.fromEntries(State.options.map((state) => [state, Count])) as Record<AgentState, typeof Count>,
)

const Action = v.object({
  kind: described(v.picklist(['shell', 'script', 'ping', 'facts']), 'What the agents do.'),
  command: maybe(text, 'Of `shell`: the command.'),
  name: maybe(text, 'Of `script`: its file name.'),
  content: maybe(text, 'Of `script`: its bytes, base64.'),
  args: maybe(Texts, 'Of `script`: its arguments.'),
  interpreter: maybe(text, 'Of `script`: the program that runs it, if not that of its first line.'),
  directory: maybe(text, 'Directory to run in.'),
  user: maybe(text, 'User to run as.'),
  environment: maybe(v.record(text, text), 'Variables. The values of `secrets` are empty.'),
})

const Amount = v.object({
  count: maybe(Count, 'Number of agents.'),
  percent: maybe(v.number(), 'Percent of the expected agents.'),
})

const Rollout = v.object({
  canary: maybe(Count, 'Agents in the first step.'),
  batch: maybe(Amount, 'Agents in each following step.'),
  canaryAgents: maybe(Texts, 'Agent IDs that were chosen for the first step.'),
  window: maybe(Amount, 'Most agents at once after the canary; the next one starts when one ends.'),
  pauseMs: maybe(Count, 'Wait between steps, or after the canary of a window, milliseconds.'),
  maxFailures: maybe(Amount, 'The rollout stops if more agents than this fail.'),
})

const Group = v.object({
  state: described(State, 'The `state` of each of these agents.'),
  reason: orNull(text, 'The `reason` of each of these agents.'),
  hosts: described(text, 'Their host names, folded: `web[1-3]`.'),
  agentIds: described(Texts, 'Their agent IDs.'),
  majority: described(v.boolean(), 'Whether more than half of the agents that replied are in this group.'),
})

const Requests = v.object({
  requests: described(Count, 'HTTP requests.'),
  billed: described(Count, 'Requests that SQS charges for.'),
  byOperation: described(
    v.record(text, v.object({ requests: Count, billed: Count })),
    'The same for each operation of SQS.',
  ),
})

const Hidden = v.object({
  what: described(v.picklist(['command', 'cancel']), 'What agents could not receive.'),
  how: described(
    v.picklist(['held', 'gone']),
    '`held`: messages of the command queue were in flight, which agents never keep there: another reader held it. `gone`: SQS counted none in flight, so it was probably deleted.',
  ),
  agents: described(Count, 'Number of agents that had not replied to it.'),
  at: described(Time, 'When it was found.'),
})

/** Everything about the run except its agents. In NDJSON the first line. */
export const RunHead = v.object({
  format: described(v.literal('ec2-collective-run'), 'Identifies the format.'),
  version: described(v.literal(1), 'Version of the format.'),
  runId: described(text, 'Identifies the run in the history, in logs and in audit logs.'),
  environment: described(text, 'The environment that it was sent to.'),
  issuer: described(
    v.object({ name: text, host: text }),
    'Who sent it, and from which computer. Claimed by the sender, not proven.',
  ),
  sender: orNull(
    text,
    'Who sent it according to AWS: the `SenderId` of the command, `AIDA…` or `AROA…:session`. null until the sender has received its own command, and in runs of earlier versions.',
  ),
  signingKey: orNull(
    text,
    'Name of the key that signed it, under which agents verify it; null if it was not signed, and in runs of earlier versions.',
  ),
  filter: described(text, 'The filter that selects agents; `*` selects every agent.'),
  targets: orNull(Texts, 'IDs of the agents that the request is limited to; null if it names none.'),
  unseen: orNull(
    v.picklist(['left-out', 'included']),
    'Agents that match and that the sender did not know. `left-out`: the command names its agents, and no other executes it. `included`: it names nobody. null in runs of earlier versions.',
  ),
  action: described(Action, 'What the agents were asked to do.'),
  timeoutMs: described(Count, 'Agents stop the command after this, milliseconds.'),
  rollout: orNull(Rollout, 'How the run spreads over its agents; null if all start at once.'),
  outputLimitBytes: orNull(
    Count,
    'Output per agent that the request allows, bytes; null if it sets no limit.',
  ),
  secrets: described(Texts, 'Names of the variables whose values are left out.'),
  startedAt: described(Time, 'Start of the run. Times are ISO 8601 in UTC, by the clock of the sender.'),
  endedAt: orNull(Time, 'When the last agent had its verdict and its output; null while the run goes on.'),
  cancelRequestedAt: orNull(Time, 'When the run was cancelled.'),
  phase: described(v.picklist(['running', 'paused', 'over']), 'The phase of the run.'),
  stopReason: orNull(text, 'Why the rollout ended before its last step, in English.'),
  missing: orNull(
    v.array(v.object({ agentId: text, hostname: text })),
    'Agents that match and were not seen for 10 minutes when the command was sent: it does not name them, and they are not among `agents`. null in runs of earlier versions.',
  ),
  sweep: orNull(
    v.picklist(['none', 'complete', 'unsure']),
    'The last reading of the facts queue before the command was sent. `complete`: every message was read. `unsure`: some may be unread, so there may be agents that were not seen. `none`: there was no reading. null in runs of earlier versions.',
  ),
  hidden: maybe(
    v.array(Hidden),
    'What was hidden from agents: they could not receive it. Empty if nothing was found. Absent in exports of earlier versions.',
  ),
  counts: described(Counts, 'Number of agents in each `state`.'),
  groups: described(
    v.array(Group),
    'Agents with the same state, reason and output are a group. The unusual groups come first.',
  ),
  exitCode: maybe(Count, 'Exit code of `ec2-cmaster`. Absent in exports of the editor.'),
  requests: maybe(Requests, 'Requests to SQS by `ec2-cmaster`. Absent in exports of the editor.'),
})

const Output = v.union([
  v.string(),
  v.object({ base64: described(text, 'The bytes, where they are not UTF-8.') }),
])

/** One agent. In NDJSON a line. */
export const RunAgent = v.object({
  agentId: described(text, 'The agent ID: on EC2 the instance ID.'),
  hostname: described(
    text,
    'The host name that the server reports. Characters other than `A-Z a-z 0-9 . _ -` stand as their codes: `w<U+0435>b`.',
  ),
  identity: described(
    v.picklist(['proven', 'unproven']),
    '`proven`: by the sender ID that AWS attached, this instance sent the reply, with the role that it first proved its identity with. `unproven`: everyone who may send to the reply queue can have sent it, or there was no reply.',
  ),
  conflicting: described(
    v.boolean(),
    'Whether another sender replied in the name of this agent, which was rejected; or its sender also speaks for another agent.',
  ),
  nameProblem: orNull(
    v.picklist(['doubled', 'look-alike']),
    '`doubled`: another agent of the run has the same host name. `look-alike`: another has one that differs in capital letters only, or looks like it. null for a name that can be told from all others.',
  ),
  expected: described(v.boolean(), 'Whether the run expected this agent when it started.'),
  state: described(
    State,
    '`expected` (no reply yet), `running`, or the verdict; `unexpected`, also while it runs, if no command named the agent and it executed it.',
  ),
  exitCode: orNull(
    v.pipe(v.number(), v.integer()),
    'Exit code of the command; null if it did not exit by itself.',
  ),
  signal: orNull(text, 'The signal that ended the command.'),
  reason: orNull(text, 'Exit code, signal, or why the command was refused or not executed; in English.'),
  refusal: orNull(text, 'Of a refused command: the code of the refusal, such as `policy`.'),
  cancelRefused: orNull(text, 'Why the agent refused to cancel: its command went on.'),
  late: described(
    v.boolean(),
    'Whether the reply came after the verdict `no-reply` or `lost`, or after the end of the run.',
  ),
  unread: described(
    v.boolean(),
    'Whether the verdict `no-reply` or `lost` is uncertain: the reply may be waiting on the reply queue, which could not be read to its end.',
  ),
  sentAt: orNull(Time, 'When the command was sent to it; null before its step of a rollout.'),
  heardAt: orNull(Time, 'When its last message arrived; null if none did.'),
  latencyMs: orNull(Count, 'From sending to its first message, milliseconds.'),
  durationMs: orNull(Count, 'Duration of the command, measured by the agent, milliseconds.'),
  output: described(
    v.picklist(['none', 'partial', 'complete', 'incomplete']),
    '`none`: no output. `partial`: more is to come. `complete`: everything that the agent sent is here; its SHA-256 was checked. `incomplete`: a part is missing for good.',
  ),
  stdoutBytes: described(Count, 'Bytes of `stdout`, decoded.'),
  stderrBytes: described(Count, 'Bytes of `stderr`, decoded.'),
  droppedBytes: described(
    Count,
    'Bytes that the output limit cut: the agent sent beginning and end of its output, and not what was between them.',
  ),
  cut: maybe(
    v.picklist(['agent', 'run']),
    'The output is larger than one agent may write, or than the output of the whole run may be: what came later was not kept. Absent where nothing was cut.',
  ),
  order: described(
    v.array(v.tuple([v.picklist(['stdout', 'stderr']), Count])),
    'In which order stdout and stderr arrived: pairs of stream and number of bytes.',
  ),
  values: maybe(
    v.array(v.record(v.string(), text)),
    'Rows of the table of values that the export was made from, as printed, by the titles of its columns. Absent without such a table.',
  ),
  stdout: described(Output, 'The exact bytes: text, or `{"base64": "…"}` where they are not UTF-8.'),
  stderr: described(Output, 'The same for stderr.'),
})

/** The run as one document. */
export const RunDocument = v.object({
  ...RunHead.entries,
  agents: described(v.array(RunAgent), 'Every agent of the run.'),
})

export type RunHead = v.InferOutput<typeof RunHead>
export type RunAgent = v.InferOutput<typeof RunAgent>
export type RunDocument = v.InferOutput<typeof RunDocument>
