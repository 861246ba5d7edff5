import { aborted, orAborted } from '../async/aborted.ts'
import { costDetails } from '../master/costDetails.ts'
import { describeFleetChange } from '../master/fleet/fleetChange.ts'
import { remainingAgents, remainingDetails } from '../master/fleet/remainingDetails.ts'
import type { History, Master, Run } from '../master/library.ts'
import { everyone } from '../protocol/filter/writtenFilter.ts'
import { actionName } from '../run/actionText.ts'
import { printDetails } from '../text/detail.ts'
import { LocalizableError } from '../text/localizable.ts'
import { inEnglish } from '../text/translate.ts'
import { visibleText } from '../text/visibleText.ts'
import { type Arguments, UsageError } from './arguments.ts'
import { confirm } from './confirm.ts'
import type { Person } from './person.ts'

export interface ResumeParts {
  readonly master: Pick<Master, 'environment' | 'reach' | 'remainingCosting' | 'resumePaused'>
  readonly history: Pick<History, 'list'>
  readonly args: Pick<Arguments, 'confirm' | 'yes' | 'resume'>
  readonly person: Person
  /** Reads the facts queue. False when it was interrupted. */
  readonly look: () => Promise<boolean>
  readonly signal: AbortSignal
}

/**
 * Resumes the run of `--resume`, whose replies are received from then on. If its rollout is paused, what is left of it is shown and
 * has to be confirmed, at a terminal or by `--yes` (`--confirm NAME` in a protected environment); the fleet is looked at again
 * after an answer.
 * @returns undefined when it was interrupted: the rollout stays paused
 * @throws UsageError, Declined, LocalizableError when the command is too large: nothing was sent; QueueError
 */
export async function resumeRun(parts: ResumeParts): Promise<Run | undefined> {
  const { master, person, args, look, signal } = parts
  const run = await find(parts)
  let agreed: ReturnType<typeof remainingAgents> | undefined
  while (run.state.phase === 'paused') {
    if (!(await look())) return undefined
    const left = remainingAgents(run.state)
    const reach = master.reach({ filter: everyone, targets: left.map(({ agentId }) => agentId) })
    const change = agreed && describeFleetChange(agreed, reach.agents, inEnglish)
    if (agreed !== undefined && change === undefined) {
      run.resume()
      break
    }
    if (change !== undefined) person.tell(change)
    const costOf = await orAborted(master.remainingCosting(signal), signal)
    if (costOf === aborted) return undefined
    const cost = costOf(run.state, reach.known)
    if (cost.kind === 'too-large') throw new LocalizableError(cost.why)
    const details = [...remainingDetails(run.state, reach, inEnglish), ...costDetails(cost, inEnglish)]
    if (!master.environment.protected && !args.yes && !person.isThere) {
      person.tell(printDetails(details))
      throw new UsageError('The rollout is paused: add --yes to continue it. Nothing was sent.')
    }
    const what = { environment: master.environment, args, details, agents: left.length }
    const wasAsked = await confirm({ ...what, isDoubtful: true, isHarmless: false }, person)
    if (signal.aborted) return undefined
    if (wasAsked) agreed = [...reach.agents]
    else {
      person.tell(printDetails(details))
      run.resume()
    }
  }
  return run
}

/** The runs of this environment that are not over, newest first. */
export async function unfinishedRuns(history: Pick<History, 'list'>, environment: string) {
  const runs = await history.list()
  return runs.filter((run) => run.phase !== 'over' && run.environment === environment)
}

/** The id of the run that `--resume` names. */
export async function resumedRun(
  history: Pick<History, 'list'>,
  environment: string,
  resume: string,
): Promise<string | undefined> {
  return resume === 'last' ? (await unfinishedRuns(history, environment))[0]?.runId : resume
}

async function find({ master, history, args: { resume = '' } }: ResumeParts): Promise<Run> {
  const unfinished = await unfinishedRuns(history, master.environment.name)
  const runId = resume === 'last' ? unfinished[0]?.runId : resume
  const isUnfinished = unfinished.some((run) => run.runId === runId)
  const run = runId !== undefined && isUnfinished ? await master.resumePaused(runId) : undefined
  if (run !== undefined) return run
  const lines = unfinished.map(
    ({ runId: id, startedAt, request }) =>
      `  ${id}  ${new Date(startedAt).toISOString()}  ${visibleText(actionName(request.action)).replaceAll('\n', ' ')}`,
  )
  throw new UsageError(
    lines.length === 0
      ? `No run of ${master.environment.name} is unfinished here. Nothing was sent.`
      : `--resume ${resume}: no such run is unfinished here, or another process has it. Unfinished runs:\n${lines.join('\n')}`,
  )
}
