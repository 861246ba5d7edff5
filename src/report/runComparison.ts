import { columnTitle } from '../answers/column.ts'
import { type ValueChange, valueChanges } from '../answers/valueChanges.ts'
import { readSort } from '../answers/view.ts'
import { viewProblem } from '../answers/viewProblems.ts'
import { inNaturalOrder } from '../hosts/naturalOrder.ts'
import { type AgentState, isFailure, isVerdict } from '../protocol/verdict.ts'
import type { ReplyState } from '../run/runState.ts'
import { shownState } from '../run/unexpected.ts'
import { plainLines } from '../terminal/plainLines.ts'
import { describeOutcome } from './grouping.ts'
import type { ReportedRun } from './reportedRun.ts'

/** How an agent fares in a run, compared with the run before. In the order in which people want to see them. */
export const changes = ['newly-failed', 'still-failing', 'fixed', 'open', 'added', 'changed', 'same'] as const

/**
 * `open`: it has no verdict yet. `added`: it was not in the run before. `changed`: it failed neither time, and its verdict or
 * its output is another one.
 */
export type Change = (typeof changes)[number]

export interface ComparedAgent {
  readonly agentId: string
  readonly hostname: string
  readonly change: Change
  /** Absent when it was not in the run before. */
  readonly before?: ComparedVerdict
  readonly after: ComparedVerdict
  /** `unknown`: one of them is not whole, or there is none. */
  readonly output: 'same' | 'changed' | 'unknown'
  /** Absent when the outputs are the same, do not compare, or were not looked at. */
  readonly values?: readonly ValueChange[]
}

export interface ComparedVerdict {
  readonly state: AgentState
  /** Exit code, signal or reason, in English. */
  readonly detail: string | undefined
}

/** A run compared with the run before, agent by agent. */
export interface RunComparison {
  /** By change, then by host name. */
  readonly agents: readonly ComparedAgent[]
  /** Agents of the run before that are not in this one. */
  readonly gone: readonly { readonly agentId: string; readonly hostname: string }[]
}

/** Agents whose outputs are compared value by value, and the largest such output, bytes: the rest only says "changed". */
export const comparedValues = { agents: 1000, bytes: 65_536 }

/** @throws Error when an output cannot be read */
export async function compareReplies(then: ReportedRun, now: ReportedRun): Promise<RunComparison> {
  const agents: ComparedAgent[] = []
  const leading = columnsThatMatter(now)
  let read = 0
  for (const reply of inNaturalOrder([...now.state.replies.values()], ({ hostname }) => hostname)) {
    const before = then.state.replies.get(reply.agentId)
    const output = before === undefined ? 'unknown' : compareOutputs(before, reply)
    const isRead =
      output === 'changed' && read < comparedValues.agents && [before, reply].every((each) => isSmall(each))
    read += Number(isRead)
    const values = isRead ? await changedValues(then, now, reply.agentId, leading) : undefined
    agents.push({
      ...{
        agentId: reply.agentId,
        hostname: reply.hostname,
        change: changeOf(before, reply, output),
        output,
      },
      ...(before === undefined ? {} : { before: verdictOf(before) }),
      after: verdictOf(reply),
      ...(values === undefined ? {} : { values }),
    })
  }
  const gone = [...then.state.replies.values()].filter(({ agentId }) => !now.state.replies.has(agentId))
  return {
    agents: agents.sort((one, other) => changes.indexOf(one.change) - changes.indexOf(other.change)),
    gone: inNaturalOrder(gone, ({ hostname }) => hostname).map(({ agentId, hostname }) => ({
      agentId,
      hostname,
    })),
  }
}

function changeOf(
  before: ReplyState | undefined,
  reply: ReplyState,
  output: ComparedAgent['output'],
): Change {
  const [then, now] = [before && shownState(before), shownState(reply)]
  if (!isVerdict(now)) return 'open'
  if (then === undefined) return 'added'
  const failedThen = isVerdict(then) && isFailure(then)
  if (isFailure(now)) return failedThen ? 'still-failing' : 'newly-failed'
  if (failedThen && now === 'succeeded') return 'fixed'
  return then === now && output !== 'changed' ? 'same' : 'changed'
}

/** The digest covers what the agent sent, not what it dropped. */
function compareOutputs(then: ReplyState, now: ReplyState): ComparedAgent['output'] {
  if (then.digest === undefined || now.digest === undefined) return 'unknown'
  return then.digest === now.digest && then.droppedBytes === now.droppedBytes ? 'same' : 'changed'
}

function verdictOf(reply: ReplyState): ComparedVerdict {
  return { state: shownState(reply), detail: describeOutcome(reply) }
}

function isSmall(reply: ReplyState | undefined): boolean {
  return reply !== undefined && reply.stdoutBytes + reply.stderrBytes <= comparedValues.bytes
}

/** What the command is about, as its snippet says: what its table is sorted by, then its other columns. */
function columnsThatMatter({ state: { request } }: ReportedRun): string[] {
  const { view } = request
  // A record of another version may have what is no view now.
  if (view === undefined || viewProblem(view) !== undefined) return []
  const { sort, columns = [] } = view
  return [...(sort === undefined ? [] : [readSort(sort).column]), ...columns].map(columnTitle)
}

async function changedValues(
  then: ReportedRun,
  now: ReportedRun,
  agentId: string,
  leading: readonly string[],
) {
  const [before, after] = await Promise.all([then.output(agentId), now.output(agentId)])
  return valueChanges(plainLines(before), plainLines(after), leading)
}
