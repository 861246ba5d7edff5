import type { RunSummary } from '../../master/store/history.ts'

/**
 * The run to compare a run with: the one from which it was repeated, else the last earlier run of the same command in the
 * same environment, else the one from which it was started.
 * @param runs the kept ones, newest first
 * @param originOf the run from which a person started another one
 * @param environmentOf what tells environments of the same name apart, where it is known
 */
export function runBefore(
  runs: readonly RunSummary[],
  runId: string,
  originOf: (runId: string) => string | undefined,
  environmentOf: (runId: string) => string | undefined,
): RunSummary | undefined {
  const run = runs.find((each) => each.runId === runId)
  if (run === undefined) return undefined
  const key = environmentOf(runId)
  const isSameEnvironment = (other: RunSummary) =>
    other.environment === run.environment &&
    (environmentOf(other.runId) ?? key) === (key ?? environmentOf(other.runId))
  const command = commandOf(run)
  const isSameCommand = (other: RunSummary) => commandOf(other) === command
  const earlier = runs.filter(
    (other) => other.runId !== runId && other.startedAt <= run.startedAt && isSameEnvironment(other),
  )
  const origin = earlier.find((other) => other.runId === originOf(runId))
  if (origin !== undefined && isSameCommand(origin)) return origin
  return earlier.find(isSameCommand) ?? origin
}

/** Equal for equal actions, in whatever order their fields and variables were written. */
function commandOf({ request: { action } }: RunSummary): string {
  const variables = 'environment' in action ? Object.entries(action.environment ?? {}).sort() : []
  return JSON.stringify([...Object.entries({ ...action, environment: undefined }).sort(), variables])
}
