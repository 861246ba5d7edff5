import type { AnswersView } from '../answers/view.ts'

/** What the run is. Values of environment variables never reach the page: only their names. */
export interface RunHeader {
  readonly runId: string
  readonly environment: { readonly name: string; readonly colour?: string; readonly protected: boolean }
  /** The filter, or words such as "every agent". */
  readonly targets: string
  readonly action: ActionHeader
  readonly issuer: { readonly name: string; readonly host: string }
  /** Who sent it according to AWS, if that is known. */
  readonly sender?: string
  /** Name of the key that signed it. */
  readonly signingKey?: string
  /** Milliseconds since the epoch, the host's clock, as all times here. */
  readonly startedAt: number
  readonly endedAt?: number
  /** The host's clock when this was sent, so that the page computes the running time from one clock only. */
  readonly now: number
  readonly timeoutMs: number
  readonly phase: 'running' | 'paused' | 'over'
  /** When the last agent that runs now reaches its time limit. Absent when none runs. */
  readonly limitAt?: number
  /** Agents are asked to stop: since when, how many have confirmed, and how many are still to confirm. */
  readonly cancelling?: { readonly at: number; readonly confirmed: number; readonly toConfirm: number }
  /** Only for a run in steps. */
  readonly rollout?: RolloutHeader
  /** Replies cannot be received: since when, why, and until when silent agents are not given up for it. */
  readonly trouble?: { readonly since: number; readonly why: string; readonly waitsUntil?: number }
  /** Agents whose output was cut, because that of the whole run is larger than it may be. */
  readonly cutAgents?: number
  /** Why the rollout ended before its last step. */
  readonly stopReason?: string
  /** Why the master paused the rollout; absent when it is not paused, or a person paused it. */
  readonly pauseReason?: string
  /** That the command or the cancel was hidden from agents: sentences. */
  readonly hidden?: readonly string[]
  /** How it is shown first, unless the page has a state of its own. */
  readonly view?: AnswersView
  /** False for a past run, which can no longer be controlled. */
  readonly live: boolean
  /** Another window has it in progress: here it can be cancelled only. */
  readonly elsewhere?: true
}

/** A part of a rollout, in the order in which they run. */
export interface RailStop {
  readonly kind: 'canary' | 'batches' | 'window'
  /** Numbers of the batches, from 1, as they were planned; 0 where there are none. */
  readonly first: number
  readonly last: number
  readonly agents: number
  /** Of them, those with a verdict other than not started. */
  readonly ended: number
  /** Of these, those whose verdict counts as a failure. */
  readonly failed: number
  /** `waiting`: still to start. `stopped`: some or all of its agents will not start. */
  readonly state: 'waiting' | 'running' | 'done' | 'stopped'
}

/** A rollout as a rail from its first part to its last. */
export interface RolloutHeader {
  readonly stops: readonly RailStop[]
  /** Batches in all. */
  readonly batches: number
  readonly canary: boolean
  /** Most agents at once after the canary; absent where there is no window. */
  readonly window?: number
  /** Agents that have the command and no verdict yet. */
  readonly underWay: number
  /** Agents of the steps that are still to start. */
  readonly left: number
  /** When the pause before the next step ends. */
  readonly nextAt?: number
}

export interface ActionHeader {
  readonly kind: 'shell' | 'script' | 'ping' | 'facts'
  /** The command, or the script's name and arguments. */
  readonly text: string
  /** The script, cut to 64 Ki characters. */
  readonly script?: string
  /** "as deploy", "in /srv/app", "with RELEASE, TOKEN". */
  readonly details: readonly string[]
}
