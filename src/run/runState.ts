import type { Outcome, RefusalMessage } from '../protocol/messages.ts'
import { type AgentState, isFailure, isVerdict, verdicts } from '../protocol/verdict.ts'
import type { Localizable } from '../text/localizable.ts'
import { type Issuer, type RecordedRequest, withoutSecrets } from './runRequest.ts'

/** A run as it stands. Changed by `applyEvent` only, in place: with 10,000 agents copies would cost more than the work. */
export interface RunState {
  readonly runId: string
  readonly environment: string
  readonly request: RecordedRequest
  readonly issuer: Issuer
  /** Milliseconds since the epoch, the master's clock, as all times here. */
  readonly startedAt: number
  endedAt: number | undefined
  phase: 'running' | 'paused' | 'over'
  cancelRequestedAt: number | undefined
  /** Why the rollout ended before its last step, in English. */
  stopReason: string | undefined
  /** The same, for translation; undefined for runs of earlier versions. */
  stopSentence: Localizable | undefined
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
  /** How many there are. Known with the result. */
  promisedFrames?: number
  /**
   * `none`: there is no output. `partial`: more is to come. `complete`: all that the agent sent is here, and its SHA-256
   * says so. `incomplete`: something is missing for good.
   */
  output: 'none' | 'partial' | 'complete' | 'incomplete'
  /** The same for the same bytes on stdout and on stderr. Known with the result. */
  digest: string | undefined
  /** It was given up (`no-reply`, `lost`), or the run was over, when its answer came. */
  late: boolean
  /** Why the agent refused to stop, in its own words. */
  cancelRefused?: string
  /** `proven`: SQS says that the instance that claims to answer did send it. `mismatch`: another than the one known sent it. */
  identity: 'proven' | 'unproven' | 'mismatch'
}

/** What is known of a run before anything of it was sent. */
export interface RunStart {
  readonly runId: string
  readonly environment: string
  readonly request: RecordedRequest
  readonly issuer: Issuer
  readonly startedAt: number
}

export function startRunState(start: RunStart): RunState {
  const counts = Object.fromEntries(['expected', 'running', ...verdicts].map((state) => [state, 0]))
  return {
    ...start,
    request: withoutSecrets(start.request),
    endedAt: undefined,
    phase: 'running',
    cancelRequestedAt: undefined,
    stopReason: undefined,
    stopSentence: undefined,
    steps: [],
    stepsStarted: 0,
    replies: new Map(),
    counts: counts as Record<AgentState, number>,
    unsettled: 0,
  }
}

/** Agents of the steps so far whose verdict counts against the failure budget. Who joined decides about nobody else. */
export function failures({ replies }: RunState): number {
  let count = 0
  for (const { expected, state } of replies.values())
    if (expected && isVerdict(state) && isFailure(state)) count += 1
  return count
}

/** Whether nothing more is to come from this agent that the run waits for. */
export function isSettled(reply: ReplyState): boolean {
  return isVerdict(reply.state) && reply.output !== 'partial'
}
