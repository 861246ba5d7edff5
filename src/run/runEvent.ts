import type { RefusalMessage, ResultMessage } from '../protocol/messages.ts'
import { type Localizable, localize } from '../text/localizable.ts'
import { inEnglish } from '../text/translate.ts'
import type { HiddenCommand } from './hiddenCommand.ts'
import type { ReplyState } from './runState.ts'

/** What can happen to a run. History stores one as JSON per line, and replays them. `at` is the master's clock. */
export type RunEvent =
  | {
      kind: 'agentsExpected'
      agents: readonly { agentId: string; hostname: string }[]
      steps: readonly (readonly string[])[]
    }
  | { kind: 'stepStarted'; at: number }
  | HeardEvent
  | { kind: 'outputSettled'; agentId: string; output: 'complete' | 'incomplete'; at: number }
  /** Agents that had not replied were asked once more. */
  | { kind: 'askedAgain'; agentIds: readonly string[]; at: number }
  /** No more output of the agent is stored: see `ReplyState.cut`. */
  | { kind: 'outputCut'; agentId: string; by: 'agent' | 'run'; at: number }
  /** `unread`: its reply may be waiting on the queue, which could not be read to its end. */
  | { kind: 'silenceAssumed'; agentId: string; verdict: 'no-reply' | 'lost'; unread?: true; at: number }
  /** Still waits for a free slot of its agent, as the agent's facts say. */
  | { kind: 'stillQueued'; agentId: string; at: number }
  /** A reply in its name was rejected, as another sender than the agent sent it. */
  | { kind: 'contested'; agentId: string; at: number }
  /** The agent refused to cancel: its command goes on. */
  | { kind: 'cancelRefused'; agentId: string; reason: string; at: number }
  /** SQS did not take the command of a step. */
  | (Reason & { kind: 'sendFailed'; agentIds: readonly string[]; at: number })
  | { kind: 'cancelRequested'; at: number }
  /** With a reason where the master paused the rollout, and not a person. */
  | (Partial<Reason> & { kind: 'paused'; at: number })
  | { kind: 'resumed'; at: number }
  /** The command came back from its queue, with who sent it according to AWS. */
  | { kind: 'senderSeen'; senderId: string; at: number }
  /** The master released the run, for the next one to resume. */
  | { kind: 'left'; at: number }
  | (Reason & { kind: 'rolloutStopped'; at: number })
  /** Agents that have not replied cannot receive the command, or the cancel. */
  | ({ kind: 'commandHidden' } & HiddenCommand)
  /** Agents that nobody knows had time to reply to a command for all that its filter matches. */
  | { kind: 'unseenAwaited'; at: number }

/** Whether the event is about the run alone, and not its end. */
export function changesNoAgent({ kind }: RunEvent): boolean {
  return kind === 'paused' || kind === 'resumed' || kind === 'commandHidden' || kind === 'senderSeen'
}

/** Why the master did something. */
export interface Reason {
  /** In English: for programs, and for earlier versions, which read only this. */
  readonly reason: string
  /** The same, for translation. Absent in records of earlier versions. */
  readonly sentence?: Localizable
}

export function because(sentence: Localizable): Reason {
  return { reason: localize(sentence, inEnglish), sentence }
}

/** What an agent itself reported. */
export type HeardEvent =
  | (FromAgent & { kind: 'acknowledged'; started: 'queued' | 'yes' })
  | (FromAgent & Gathered & { kind: 'outputReceived' })
  /** `gathered`: the result's own frame; `output`: how the output ended with it. Most replies consist of this alone. */
  | (FromAgent &
      Finished & { kind: 'resultReceived'; gathered?: Gathered; output?: 'complete' | 'incomplete' })
  | (FromAgent & { kind: 'refused'; code: RefusalMessage['code']; reason: string })

/** Output that is stored, in order and without a gap. */
export interface Gathered {
  readonly stdoutBytes: number
  readonly stderrBytes: number
  /** Frames received without a gap, to resume from after a restart. */
  readonly frames: number
}

export interface FromAgent {
  agentId: string
  hostname: string
  at: number
  /** `conflicting`: its sender speaks for another agent, too. */
  identity: ReplyState['identity'] | 'conflicting'
}

type Finished = Pick<ResultMessage, 'outcome' | 'durationMs' | 'frames'> & {
  /** `<sha256 of stdout>:<sha256 of stderr>` */
  digest: string
  droppedBytes: number
}
