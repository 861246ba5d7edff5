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
  /** Its messages expire after a minute. */
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

/** Resumes runs of an earlier master of the same history. */
export class RunResumption {
  readonly #parts: RunResumptionParts
  readonly #underWay = new Map<string, Promise<Run | Exclude<Disposition, 'kept'>>>()

  constructor(parts: RunResumptionParts) {
    this.#parts = parts
  }

  /** The run of a reply: open, or resumed now; `foreign` when it is not in the history. */
  async runOf(runId: string): Promise<Run | Exclude<Disposition, 'kept'>> {
    const { runs, history } = this.#parts
    return runs.get(runId) ?? ((await history.has(runId)) ? this.resume(runId) : 'foreign')
  }

  /** Resumes a run from the history. Concurrent calls share one attempt. */
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

  /** Resolves when no run is being resumed: until then locks are held. */
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
    // The values of secrets were not stored: the command must not be sent without them.
    const isWhole = secrets.length === 0
    const transport = this.#parts.transport(runId, replyTo, isWhole ? action : undefined)
    const run = await Run.restore(state, record, transport).catch(async (error) => {
      await record.close()
      throw error
    })
    if (!isWhole) run.stopRollout(say('the values of its secrets are not stored across a restart'))
    // Replies that came while no master was receiving are read first.
    if (run.isWaiting) void replyConsumer.catchUp()
    runs.add(run)
    // Replies on the shared queue expire after a minute, and agents that the run does not know would not be missed.
    if (run.isWaiting && replyTo === sharedReplyQueue) void run.askEveryone()
    return run
  }
}
