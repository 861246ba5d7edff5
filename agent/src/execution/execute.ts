import type { Chunk } from '../../../src/protocol/frames.ts'
import type { Outcome } from '../../../src/protocol/messages.ts'
import type { Enclosure } from './enclosure.ts'
import { type ExecutableAction, NotExecutable, prepare, type WhyNot } from './preparation.ts'
import { type Launch, ProcessGroup } from './processGroup.ts'
import type { LimitedRun } from './runLimits.ts'
import type { User } from './users.ts'

/** Why a run is stopped before its end: passed as the reason of the abort signal. */
export type StopReason = 'cancelled' | 'agent-ends'

export interface Execution {
  /** Marks every process of this run, so that those that left its group are found: unique on this server. */
  readonly mark: string
  readonly shell: string
  /** Scripts are written below it. */
  readonly stateDir: string
  readonly ownUser: User
  /** What the agent tells every command of itself. */
  readonly variables: Readonly<Record<string, string>>
  readonly whyNot: WhyNot
  readonly timeoutMs: number
  readonly killGraceMs: number
  /**
   * Prepares cgroup and limits of the run.
   * @throws Error in words
   */
  readonly limit: () => Promise<LimitedRun>
  /** Called with each piece of output; while a promise that it returned is pending, output is held back. */
  onOutput(chunk: Chunk): Promise<void> | undefined
}

/** Executes `action` until it ends, for any reason. Never throws because of what the action does. */
export async function execute(
  action: ExecutableAction,
  execution: Execution,
  signal: AbortSignal,
): Promise<Outcome> {
  const cleanUps: (() => Promise<void>)[] = []
  try {
    const prepared = await prepare(action, execution)
    cleanUps.push(prepared.cleanUp)
    const limited = await limitedBy(execution)
    cleanUps.push(limited.end)
    if (signal.aborted) return stopped(signal.reason, false)
    const launch = await inLimits(limited, prepared.launch)
    return await run(launch, limited.enclosure, execution, signal)
  } catch (error) {
    return { kind: 'not-executed', reason: inWords(error as NodeJS.ErrnoException) }
  } finally {
    for (const cleanUp of cleanUps) await cleanUp().catch(() => {})
  }
}

function limitedBy({ limit }: Execution): Promise<LimitedRun> {
  return limit().catch(notExecutable)
}

function inLimits(limited: LimitedRun, launch: Launch): Promise<Launch> {
  return limited.wrap(launch).catch(notExecutable)
}

function notExecutable(cause: Error): never {
  throw new NotExecutable(cause.message, { cause })
}

async function run(
  launch: Launch,
  enclosure: Enclosure | undefined,
  execution: Execution,
  signal: AbortSignal,
): Promise<Outcome> {
  let holds = 0
  const group = await ProcessGroup.start(launch, execution.mark, (chunk) => {
    const taken = execution.onOutput(chunk)
    if (taken === undefined) return
    holds += 1
    group.hold(true)
    const letGo = () => {
      holds -= 1
      if (holds === 0) group.hold(false)
    }
    // Output that could not be stored must not block the rest.
    taken.then(letGo, letGo)
  })
  let stopping: { outcome: Outcome; done: Promise<void> } | undefined
  // A process that has ended has its outcome; only what it left behind is stopped.
  const stop = (outcome: Outcome) => {
    stopping ??= { outcome: group.ending ?? outcome, done: group.stop(execution.killGraceMs, enclosure) }
  }
  const onTimeout = () => {
    if (group.ending === undefined) stop({ kind: 'timed-out' })
  }
  // On a busy server the timer may fire before the event of an end that was in time.
  const timer = setTimeout(() => setImmediate(onTimeout), execution.timeoutMs)
  const onAbort = () => stop(stopped(signal.reason, true))
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  const ending = await group.ended
  clearTimeout(timer)
  signal.removeEventListener('abort', onAbort)
  if (stopping === undefined) return ending
  await stopping.done
  return stopping.outcome
}

function stopped(reason: StopReason, started: boolean): Outcome {
  return reason === 'agent-ends' ? { kind: 'interrupted' } : { kind: 'cancelled', started }
}

function inWords(error: NodeJS.ErrnoException): string {
  if (error instanceof NotExecutable) return error.message
  const program = error.path ?? 'the program'
  switch (error.code) {
    case 'ENOENT':
      return `${program} does not exist`
    case 'EACCES':
      return `${program} is not executable`
    case 'E2BIG':
      return 'the command and its environment are longer than the system allows (E2BIG): send it as a script'
    case 'ERR_INVALID_ARG_VALUE':
      return 'it contains a NUL character, which no command, argument or variable can contain'
    case 'ENOSPC':
      return "the disk of the agent's state directory is full"
    default:
      return `it cannot be started: ${error.message}`
  }
}
