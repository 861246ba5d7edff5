import type { RunRequest } from '../run/runRequest.ts'
import { say } from '../text/localizable.ts'
import type { OpenRuns } from './engine/openRuns.ts'
import { Run } from './engine/run.ts'
import type { RunTransport } from './engine/transport.ts'
import type { MasterWarning } from './masterWarning.ts'
import type { ReplyConsumer } from './replies/replyConsumer.ts'
import type { Disposition } from './replies/replySorter.ts'
import type { History } from './store/history.ts'
import { RunInUse } from './store/runRecord.ts'

export interface RunResumptionParts {
  readonly environmentName: string
  /** On which replies wait for a minute only. */
  readonly sharedReplyQueue: string
  readonly history: Pick<History, 'has' | 'resume'>
  readonly runs: OpenRuns
  readonly replyConsumer: Pick<ReplyConsumer, 'open' | 'catchUp'>
  readonly transport: (
    runId: string,
    replyTo: string,
    action: RunRequest['action'] | undefined,
  ) => RunTransport
  readonly onWarning: (warning: MasterWarning) => void
}

/** Takes up runs that an earlier master of the same history has left. */
export class RunResumption {
  readonly #parts: RunResumptionParts
  readonly #underWay = new Map<string, Promise<Run | Exclude<Disposition, 'kept'>>>()

  constructor(parts: RunResumptionParts) {
    this.#parts = parts
  }

  /** The run that a reply is for: open, or taken up now; `foreign` when the history does not have it. */
  async runOf(runId: string): Promise<Run | Exclude<Disposition, 'kept'>> {
    const { runs, history } = this.#parts
    return runs.get(runId) ?? ((await history.has(runId)) ? this.resume(runId) : 'foreign')
  }

  /** Takes a run up from the history, once however often it is asked for. */
  resume(runId: string): Promise<Run | Exclude<Disposition, 'kept'>> {
    const known = this.#parts.runs.get(runId) ?? this.#underWay.get(runId)
    if (known !== undefined) return Promise.resolve(known)
    const resuming = this.#resume(runId)
      .catch((error) => {
        if (!(error instanceof RunInUse)) this.#parts.onWarning({ kind: 'run', runId, error })
        return 'elsewhere' as const
      })
      .finally(() => this.#underWay.delete(runId))
    this.#underWay.set(runId, resuming)
    return resuming
  }

  /** Resolves when none is being taken up: until then it holds locks. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay.values())
  }

  async #resume(runId: string): Promise<Run | 'foreign'> {
    const { environmentName, sharedReplyQueue, history, runs, replyConsumer } = this.#parts
    const replyTo = await replyConsumer.open()
    const { state, record } = await history.resume(runId)
    if (state.environment !== environmentName) {
      await record.close()
      return 'foreign'
    }
    const { action, secrets = [] } = state.request
    // The values of secrets were not kept: the command must not go out without them.
    const isWhole = secrets.length === 0
    const transport = this.#parts.transport(runId, replyTo, isWhole ? action : undefined)
    const run = await Run.restore(state, record, transport).catch(async (error) => {
      await record.close()
      throw error
    })
    if (!isWhole) run.stopRollout(say('the values of its secrets are not kept across a restart'))
    // What came while nobody listened is there to be read first.
    if (run.isWaiting) void replyConsumer.catchUp()
    runs.add(run)
    // There nothing waits for longer than a minute, and who was not known to the run would not be missed.
    if (run.isWaiting && replyTo === sharedReplyQueue) void run.askEveryone()
    return run
  }
}
