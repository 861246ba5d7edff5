import type { Outcome, RefusalMessage } from '../protocol/messages.ts'
import { type AgentState, isFailure, isVerdict, verdicts } from '../protocol/verdict.ts'
import type { Localizable } from '../text/localizable.ts'
import type { HiddenCommand } from './hiddenCommand.ts'
import { type Issuer, type RecordedRequest, withoutSecrets } from './runRequest.ts'

/** The current state of a run. Only `applyEvent` changes it, in place: with 10,000 agents copying would dominate. */
export interface RunState {
  readonly runId: string
  readonly environment: string
  readonly request: RecordedRequest
  readonly issuer: Issuer
  /** Name of the key that signed the command; absent when it was not signed, and in runs of earlier versions. */
  readonly signingKey?: string
  /** The queue for its replies. Absent in records of earlier versions. */
  readonly replyTo?: string
  /** SQS's `SenderId` of the command: who sent it, according to AWS. Known once the command was received again. */
  sender?: string
  /** Milliseconds since the epoch, the master's clock, as all times here. */
  readonly startedAt: number
  /** Absent in runs of earlier versions. */
  readonly reach?: RecordedReach
  endedAt: number | undefined
  phase: 'running' | 'paused' | 'over'
  cancelRequestedAt: number | undefined
  /** Why the rollout ended before its last step, in English. */
  stopReason: string | undefined
  /** The same, for translation; undefined for runs of earlier versions. */
  stopSentence: Localizable | undefined
  /** Why the master paused the rollout, in English; undefined when it is not paused, or a person paused it. */
  pauseReason: string | undefined
  /** The same, for translation. */
  pauseSentence: Localizable | undefined
  /** All steps as they were planned, also those that will not start. */
  readonly steps: string[][]
  /** Steps whose command was sent. */
  stepsStarted: number
  /** The rollout has ended before its last step: no further step starts. */
  isRolloutOver: boolean
  readonly replies: Map<string, ReplyState>
  readonly counts: Record<AgentState, number>
  /** Replies that are not settled, of all steps. The run is over when it is 0. */
  unsettled: number
  /** Agents that execute or have executed the command although no command named them. */
  unexpected: number
  /** The command and the cancel, where they were found to be hidden from agents. */
  readonly hidden: HiddenCommand[]
  /** Agents that nobody knows may still reply: the run is not over, even if no reply is awaited. */
  awaitsUnseen: boolean
}

/** One agent within a run. */
export interface ReplyState {
  readonly agentId: string
  hostname: string
  /** False for an agent that replied without being known before: it joined. */
  readonly expected: boolean
  /** It executes or has executed the command although no command named it: not at all, or not yet. */
  unexpected: boolean
  state: AgentState
  outcome: Outcome | undefined
  refusal: { readonly code: RefusalMessage['code']; readonly reason: string } | undefined
  /** When the command went out to it; undefined before its step. */
  sentAt: number | undefined
  /** When it last sent anything in this run. */
  heardAt: number | undefined
  /** What the agent has reported: that the command has started, or waits for a free slot. */
  started: 'no' | 'queued' | 'yes'
  startedAt: number | undefined
  /** When its result or refusal arrived. */
  endedAt: number | undefined
  /** How often it was asked after the command: the command once more, for its result, or to stop. Absent in runs of earlier versions. */
  asked?: number
  /** When it was last asked. */
  askedAt?: number
  /** From sending to the first message from it, milliseconds. */
  latencyMs: number | undefined
  /** Of the execution, as measured by the agent, milliseconds. */
  durationMs: number | undefined
  stdoutBytes: number
  stderrBytes: number
  droppedBytes: number
  /** Frames of output received without a gap. */
  frames: number
  /** Frames that the agent sent. Known with the result. */
  promisedFrames?: number
  /**
   * `none`: no output. `partial`: more is to come. `complete`: everything that the agent sent has arrived, as its SHA-256
   * proves. `incomplete`: a part is missing for good.
   */
  output: 'none' | 'partial' | 'complete' | 'incomplete'
  /** Its output was cut: it is larger than one agent's may be, or that of the whole run. */
  cut?: 'agent' | 'run'
  /** Equal when the bytes on stdout and stderr are equal. Known with the result. */
  digest: string | undefined
  /** Its answer came after the verdict `no-reply` or `lost`, or after the run was over. */
  late: boolean
  /** The verdict `no-reply` or `lost` is uncertain: replies may be waiting on a queue that could not be read to its end. */
  unread?: true
  /** Why the agent refused to cancel, in its own words. */
  cancelRefused?: string
  /** `proven`: by SQS's SenderId the claimed instance sent the reply. */
  identity: 'proven' | 'unproven'
  /** Replies in its name were rejected, or its sender speaks for another agent, too. */
  conflicting?: true
}

/** What is known about a run before anything is sent. */
export interface RunStart {
  readonly runId: string
  readonly environment: string
  readonly request: RecordedRequest
  readonly issuer: Issuer
  readonly startedAt: number
  /** Absent when the command was not signed, and in records of earlier versions. */
  readonly signingKey?: string
  /** The queue for its replies. Absent in records of earlier versions. */
  readonly replyTo?: string
  /** Absent in records of earlier versions. */
  readonly reach?: RecordedReach
}

/** What the master knew, when it sent the command, about agents that the command does not name. */
export interface RecordedReach {
  /** Agents that match, were seen earlier and were not reporting. */
  readonly missing: readonly { readonly agentId: string; readonly hostname: string }[]
  /** Whether every message of the facts queue was read before; `unsure`: there may be agents that were not seen. */
  readonly sweep: 'none' | 'complete' | 'unsure'
  /** Which fleet, of several whose environments have the same name: see `fleetIdOf`. Absent in records of earlier versions. */
  readonly fleet?: string
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
    pauseReason: undefined,
    pauseSentence: undefined,
    steps: [],
    stepsStarted: 0,
    isRolloutOver: false,
    replies: new Map(),
    counts: counts as Record<AgentState, number>,
    unsettled: 0,
    unexpected: 0,
    hidden: [],
    awaitsUnseen: start.request.unseen === 'included',
  }
}

/** Agents of the steps so far whose verdict counts against the failure budget. Agents that joined do not count. */
export function failures({ replies }: RunState): number {
  let count = 0
  for (const { expected, state } of replies.values())
    if (expected && isVerdict(state) && isFailure(state)) count += 1
  return count
}

/** Whether the run no longer waits for anything from this agent. */
export function isSettled(reply: ReplyState): boolean {
  return isVerdict(reply.state) && reply.output !== 'partial'
}
