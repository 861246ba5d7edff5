import type { Outcome, RefusalMessage, ResultMessage } from '../protocol/messages.ts'
import { type AgentState, isFailure, isVerdict, type Verdict, verdicts } from '../protocol/verdict.ts'
import type { Issuer, RunRequest } from './runRequest.ts'

/** A run as it stands. Changed by {@link applyEvent} only, in place: with 10,000 agents copies would cost more than the work. */
export interface RunState {
  readonly runId: string
  readonly environment: string
  readonly request: RunRequest
  readonly issuer: Issuer
  /** Milliseconds since the epoch, the master's clock, as all times here. */
  readonly startedAt: number
  endedAt: number | undefined
  phase: 'running' | 'paused' | 'over'
  cancelRequestedAt: number | undefined
  /** Why the rollout ended before its last step, in words. */
  stopReason: string | undefined
  readonly steps: string[][]
  /** Steps whose command was sent. */
  stepsStarted: number
  readonly replies: Map<string, ReplyState>
  readonly counts: Record<AgentState, number>
  /** Replies that are not settled, of all steps. The run is over when it is 0. */
  unsettled: number
}

/** One agent within a run. */
export interface ReplyState {
  readonly agentId: string
  hostname: string
  /** False for an agent that answered without being known before: it joined. */
  readonly expected: boolean
  state: AgentState
  outcome: Outcome | undefined
  refusal: { readonly code: RefusalMessage['code']; readonly reason: string } | undefined
  /** When the command went out to it; undefined before its step. */
  sentAt: number | undefined
  /** When it was last heard of in this run. */
  heardAt: number | undefined
  /** When it said that the command had started, or waits for a free slot. */
  started: 'no' | 'queued' | 'yes'
  startedAt: number | undefined
  /** From sending to its first sign of life, milliseconds. */
  latencyMs: number | undefined
  /** Of the execution, as measured by the agent, milliseconds. */
  durationMs: number | undefined
  stdoutBytes: number
  stderrBytes: number
  droppedBytes: number
  /** Frames of output that are here, without a gap. */
  frames: number
  /**
   * `none`: there is no output. `partial`: more is to come. `complete`: all that the agent sent is here, and its SHA-256
   * says so. `incomplete`: something is missing for good.
   */
  output: 'none' | 'partial' | 'complete' | 'incomplete'
  /** The same for the same bytes on stdout and on stderr. Known with the result. */
  digest: string | undefined
  /** It was given up (`no-reply`, `lost`), or the run was over, when its answer came. */
  late: boolean
  /** `proven`: SQS says that the instance that claims to answer did send it. `mismatch`: another than the one known sent it. */
  identity: 'proven' | 'unproven' | 'mismatch'
}

/** What can happen to a run. History keeps these, one JSON object a line, and replays them. */
export type RunEvent =
  | {
      kind: 'agentsExpected'
      agents: readonly { agentId: string; hostname: string }[]
      steps: readonly (readonly string[])[]
    }
  | { kind: 'stepStarted'; at: number }
  | (Heard & { kind: 'acknowledged'; started: 'queued' | 'yes' })
  /** Output that is in order and kept. `frames`: how many frames that makes, for picking up after a restart. */
  | (Heard & { kind: 'outputReceived'; stdoutBytes: number; stderrBytes: number; frames: number })
  | (Heard & Finished & { kind: 'resultReceived' })
  | (Heard & { kind: 'refused'; code: RefusalMessage['code']; reason: string })
  | { kind: 'outputSettled'; agentId: string; output: 'complete' | 'incomplete'; at: number }
  | { kind: 'silenceAssumed'; agentId: string; verdict: 'no-reply' | 'lost'; at: number }
  /** Waits for a free slot of its agent, which says so with its facts. */
  | { kind: 'stillQueued'; agentId: string; at: number }
  /** SQS did not take the command of a step. */
  | { kind: 'sendFailed'; agentIds: readonly string[]; reason: string; at: number }
  | { kind: 'cancelRequested'; at: number }
  | { kind: 'paused' | 'resumed'; at: number }
  | { kind: 'rolloutStopped'; reason: string; at: number }

interface Heard {
  agentId: string
  hostname: string
  at: number
  identity: ReplyState['identity']
}

type Finished = Pick<ResultMessage, 'outcome' | 'durationMs' | 'frames'> & {
  /** `<sha256 of stdout>:<sha256 of stderr>` */
  digest: string
  droppedBytes: number
}

export interface RunStart {
  readonly runId: string
  readonly environment: string
  readonly request: RunRequest
  readonly issuer: Issuer
  readonly startedAt: number
}

export function startRunState(start: RunStart): RunState {
  const counts = Object.fromEntries(['expected', 'running', ...verdicts].map((state) => [state, 0]))
  return {
    ...start,
    endedAt: undefined,
    phase: 'running',
    cancelRequestedAt: undefined,
    stopReason: undefined,
    steps: [],
    stepsStarted: 0,
    replies: new Map(),
    counts: counts as Record<AgentState, number>,
    unsettled: 0,
  }
}

/** Changes `state` as `event` says. The only place that does. Events that do not fit are without effect. */
export function applyEvent(state: RunState, event: RunEvent): void {
  switch (event.kind) {
    case 'agentsExpected':
      for (const { agentId, hostname } of event.agents) addReply(state, agentId, hostname, true)
      for (const step of event.steps) state.steps.push([...step])
      return
    case 'stepStarted':
      for (const agentId of state.steps[state.stepsStarted] ?? []) {
        const reply = state.replies.get(agentId)
        if (reply !== undefined) reply.sentAt = event.at
      }
      state.stepsStarted += 1
      return
    case 'acknowledged':
    case 'outputReceived':
    case 'resultReceived':
    case 'refused':
      applyHeard(state, event)
      break
    case 'outputSettled':
      change(state, event.agentId, (reply) => {
        const completed = reply.output === 'incomplete' && event.output === 'complete'
        if (reply.output === 'partial' || completed) reply.output = event.output
      })
      break
    case 'silenceAssumed':
      change(state, event.agentId, (reply) => {
        if (isVerdict(reply.state)) return
        reply.state = event.verdict
        if (reply.output === 'partial') reply.output = 'incomplete'
      })
      break
    case 'stillQueued':
      change(state, event.agentId, (reply) => {
        reply.heardAt = event.at
      })
      return
    case 'sendFailed':
      for (const agentId of event.agentIds) notStarted(state, agentId)
      state.stopReason ??= event.reason
      stopRollout(state, event.reason)
      break
    case 'cancelRequested':
      state.cancelRequestedAt ??= event.at
      stopRollout(state, 'cancelled')
      break
    case 'paused':
      if (state.phase === 'running') state.phase = 'paused'
      return
    case 'resumed':
      if (state.phase === 'paused') state.phase = 'running'
      return
    case 'rolloutStopped':
      stopRollout(state, event.reason)
      break
  }
  endWhenSettled(state, event.at)
}

/** Agents of the steps so far whose verdict counts against the failure budget. */
export function failures(state: RunState): number {
  let count = 0
  for (const verdict of verdicts) if (isFailure(verdict)) count += state.counts[verdict]
  return count
}

/** Whether nothing more is to come from this agent that the run waits for. */
export function isSettled(reply: ReplyState): boolean {
  return isVerdict(reply.state) && reply.output !== 'partial'
}

type HeardEvent = Extract<RunEvent, { hostname: string }>

function applyHeard(state: RunState, event: HeardEvent): void {
  const final = event.kind === 'resultReceived' || event.kind === 'refused'
  // Once the run is over only an answer changes a verdict: a mere sign of life would leave the agent without one.
  if (state.phase === 'over' && !final && event.kind !== 'outputReceived') return
  if (!state.replies.has(event.agentId)) {
    if (state.phase === 'over' && !final) return
    addReply(state, event.agentId, event.hostname, false)
  }
  change(state, event.agentId, (reply) => {
    const assumed = reply.state === 'no-reply' || reply.state === 'lost' || reply.state === 'not-started'
    if (state.phase === 'over' || assumed) reply.late = true
    // A verdict that the agent itself gave stands: what comes after it is an echo.
    if (isVerdict(reply.state) && !assumed && event.kind !== 'outputReceived') return
    reply.hostname = event.hostname
    reply.heardAt = event.at
    reply.identity = event.identity
    reply.latencyMs ??= reply.sentAt === undefined ? undefined : Math.max(0, event.at - reply.sentAt)
    if (event.kind === 'resultReceived') return finish(reply, event)
    if (event.kind === 'refused') {
      reply.state = 'refused'
      reply.refusal = { code: event.code, reason: event.reason }
      return
    }
    if (event.kind === 'outputReceived') {
      reply.stdoutBytes += event.stdoutBytes
      reply.stderrBytes += event.stderrBytes
      reply.frames = event.frames
      if (reply.output === 'none') reply.output = 'partial'
    }
    if (isVerdict(reply.state) && (!assumed || state.phase === 'over')) return
    reply.state = 'running'
    if (reply.output === 'incomplete') reply.output = 'partial'
    if (event.kind === 'acknowledged' && event.started === 'queued') {
      if (reply.started === 'no') reply.started = 'queued'
      return
    }
    reply.started = 'yes'
    reply.startedAt ??= event.at
  })
}

function finish(reply: ReplyState, event: Extract<RunEvent, { kind: 'resultReceived' }>): void {
  reply.state = verdictOf(event.outcome)
  reply.outcome = event.outcome
  reply.durationMs = event.durationMs
  reply.digest = event.digest
  reply.droppedBytes = event.droppedBytes
  reply.output = event.frames === 0 ? 'none' : 'partial'
}

function verdictOf(outcome: Outcome): Verdict {
  switch (outcome.kind) {
    case 'exited':
      return outcome.code === 0 ? 'succeeded' : 'failed'
    case 'signalled':
    case 'not-executed':
      return 'failed'
    case 'timed-out':
    case 'cancelled':
    case 'interrupted':
      return outcome.kind
  }
}

function stopRollout(state: RunState, reason: string): void {
  if (state.phase === 'over' || state.stepsStarted >= state.steps.length) return
  state.stopReason ??= reason
  for (const step of state.steps.splice(state.stepsStarted)) {
    for (const agentId of step) notStarted(state, agentId)
  }
  if (state.phase === 'paused') state.phase = 'running'
}

function notStarted(state: RunState, agentId: string): void {
  change(state, agentId, (reply) => {
    if (reply.state === 'expected') reply.state = 'not-started'
  })
}

function endWhenSettled(state: RunState, at: number): void {
  if (state.phase === 'over' || state.unsettled > 0) return
  state.phase = 'over'
  state.endedAt = at
}

function addReply(state: RunState, agentId: string, hostname: string, expected: boolean): void {
  if (state.replies.has(agentId)) return
  state.replies.set(agentId, {
    agentId,
    hostname,
    expected,
    state: 'expected',
    outcome: undefined,
    refusal: undefined,
    sentAt: expected ? undefined : state.startedAt,
    heardAt: undefined,
    started: 'no',
    startedAt: undefined,
    latencyMs: undefined,
    durationMs: undefined,
    stdoutBytes: 0,
    stderrBytes: 0,
    droppedBytes: 0,
    frames: 0,
    output: 'none',
    digest: undefined,
    late: false,
    identity: 'unproven',
  })
  state.counts.expected += 1
  state.unsettled += 1
}

/** Changes one reply and keeps the sums of the run true. */
function change(state: RunState, agentId: string, edit: (reply: ReplyState) => void): void {
  const reply = state.replies.get(agentId)
  if (reply === undefined) return
  const before = reply.state
  const wasSettled = isSettled(reply)
  edit(reply)
  state.counts[before] -= 1
  state.counts[reply.state] += 1
  state.unsettled += Number(wasSettled) - Number(isSettled(reply))
}
