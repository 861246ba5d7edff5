import type { AnswersView } from '../answers/view.ts'
import type { Action } from '../protocol/action.ts'
import type { WrittenFilter } from '../protocol/filter/writtenFilter.ts'

/** What a person or a pipeline requests: one command for the agents of one environment. */
export interface RunRequest {
  readonly filter: WrittenFilter
  /** Only these agents, known or not; the filter must hold as well. */
  readonly targets?: readonly string[]
  /**
   * Agents that match the filter and that the master does not know yet. `left-out` when absent: the command names the
   * agents that were confirmed, and no other executes it. `included`: the command names nobody, and every agent that
   * matches executes it. Not with targets or a rollout, and never in a protected environment.
   */
  readonly unseen?: Unseen
  /** Shell, script, ping or facts. Cancel and resend are sent by the run itself. */
  readonly action: Extract<Action, { kind: 'shell' | 'script' | 'ping' | 'facts' }>
  /** Agents stop the command after this, milliseconds, from 1 to 7 days. */
  readonly timeoutMs: number
  readonly rollout?: Rollout
  /** Bytes of output per agent; agents keep head and tail of more. Their own limit rules when it is lower. */
  readonly outputLimitBytes?: number
  /** Names of the action's environment variables whose values are never stored, shown or logged. */
  readonly secrets?: readonly string[]
  /** Name of the snippet that it comes from, for people. */
  readonly snippetName?: string
  /** How its results are shown first. Agents do not get it. */
  readonly view?: AnswersView
}

export type Unseen = 'left-out' | 'included'

/** A request as it is stored and shown: with the text of its filter, and without the values of its secrets. */
export type RecordedRequest = Omit<RunRequest, 'filter'> & {
  /** `*` selects every agent. */
  readonly filter: string
  /** Absent in records of earlier versions, whose commands named nobody but targets: agents could join. */
  readonly unseen?: Unseen
}

export function recordOf(request: RunRequest): RecordedRequest {
  return withoutSecrets({ ...request, filter: request.filter.text, unseen: request.unseen ?? 'left-out' })
}

/** The same without the values of its secrets. */
export function withoutSecrets<Request extends Pick<RunRequest, 'action' | 'secrets'>>(
  request: Request,
): Request {
  const { action, secrets = [] } = request
  if (secrets.length === 0 || !('environment' in action) || action.environment === undefined) return request
  const environment = { ...action.environment }
  for (const name of secrets) if (name in environment) environment[name] = ''
  return { ...request, action: { ...action, environment } }
}

/** How a run spreads over its agents. Without a rollout they all start at once. */
export interface Rollout {
  /** Number of agents in a first step of their own. */
  readonly canary?: number
  /** The agents of that step, chosen by a person; those that the run does not reach do not count. Otherwise the first by name. */
  readonly canaryAgents?: readonly string[]
  /** Size of each following step; all the others at once when absent. Percent of the expected agents, rounded up. */
  readonly batch?: Amount
  /**
   * Most agents at once after the canary: the next one starts when one ends. Instead of `batch`. Percent of the expected
   * agents, rounded up. Recorded as steps of one agent, which versions without it send one after the other.
   */
  readonly window?: Amount
  /** Wait between steps, milliseconds; with a window, only after the canary. */
  readonly pauseMs?: number
  /**
   * The rollout stops when more agents than this have failed, over all steps. Timeouts, refusals, no reply and lost count
   * as failures. Percent of the expected agents, rounded down. 0 when absent: it stops at the first failure.
   */
  readonly maxFailures?: Amount
}

/** A number of agents, or a percentage of the expected agents. */
export type Amount = { readonly count: number } | { readonly percent: number }

/** Who sends the command, as claimed: shown to people and written to audit logs; only SQS's SenderId is proof. */
export interface Issuer {
  readonly name: string
  readonly host: string
}
