import type { Environment } from '../queues/environment.ts'
import { stepsLeft } from '../run/rollout.ts'
import type { RunRequest } from '../run/runRequest.ts'
import type { RunState } from '../run/runState.ts'
import { type Localizable, say } from '../text/localizable.ts'
import type { OpenRuns } from './engine/openRuns.ts'
import { Run } from './engine/run.ts'
import type { RunTransport } from './engine/transport.ts'
import type { MasterWarning } from './masterWarning.ts'
import type { ReplyConsumer } from './replies/replyConsumer.ts'
import type { Disposition } from './replies/replySorter.ts'
import type { History } from './store/history.ts'
import { RunInUse } from './store/runRecord.ts'

export interface RunResumptionParts {
  readonly environment: Environment
  /** This computer's clock, milliseconds since the epoch. */
  readonly now: () => number
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

/** A rollout goes on by itself when it is resumed within this time: the window was reloaded. Milliseconds. */
const reloadMs = 10_000

/** Resumes runs of an earlier master of the same history. Their rollouts go on by themselves only after a reload. */
export class RunResumption {
  readonly #parts: RunResumptionParts
  readonly #underWay = new Map<string, Promise<Run | Exclude<Disposition, 'kept'>>>()
  /** Runs that only a reply has brought back so far, of which a reload would let the rollout go on. */
  readonly #byReply = new Set<string>()

  constructor(parts: RunResumptionParts) {
    this.#parts = parts
  }

  /**
   * The run of a reply: open, or resumed now; `foreign` when it is not in the history. Anyone who can send replies can have a
   * run resumed by this, so its rollout is paused in any case.
   */
  async runOf(runId: string): Promise<Run | Exclude<Disposition, 'kept'>> {
    const { runs, history } = this.#parts
    return runs.get(runId) ?? ((await history.has(runId)) ? this.#resumeFromHistory(runId) : 'foreign')
  }

  /** Resumes a run from the history, with its rollout paused whatever the time. Concurrent calls share one attempt. */
  resumePaused(runId: string): Promise<Run | Exclude<Disposition, 'kept'>> {
    return this.#resumeFromHistory(runId)
  }

  /** Resumes a run from the history; its rollout goes on if this is the reload of a window. */
  async resume(runId: string): Promise<Run | Exclude<Disposition, 'kept'>> {
    const run = await this.#resumeFromHistory(runId)
    if (typeof run !== 'string' && this.#byReply.delete(runId)) run.resume()
    return run
  }

  /** Whether nobody but the sender of a reply has asked for this run. */
  isByReply(runId: string): boolean {
    return this.#byReply.has(runId)
  }

  /** Resolves when none is being resumed: until then it holds locks. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay.values())
  }

  #resumeFromHistory(runId: string): Promise<Run | Exclude<Disposition, 'kept'>> {
    const known = this.#parts.runs.get(runId) ?? this.#underWay.get(runId)
    if (known !== undefined) return Promise.resolve(known)
    const resuming = this.#restore(runId)
      .catch((error) => {
        if (!(error instanceof RunInUse)) this.#parts.onWarning({ kind: 'run', runId, error })
        return 'elsewhere' as const
      })
      .finally(() => this.#underWay.delete(runId))
    this.#underWay.set(runId, resuming)
    return resuming
  }

  async #restore(runId: string): Promise<Run | 'foreign'> {
    const { environment, history, runs, replyConsumer } = this.#parts
    const replyTo = await replyConsumer.open()
    const { state, record, heldUntil } = await history.resume(runId)
    if (state.environment !== environment.name) {
      await record.close()
      return 'foreign'
    }
    const { action, secrets = [] } = state.request
    // The values of secrets were not stored: the command must not be sent without them.
    const isWhole = secrets.length === 0
    const transport = this.#parts.transport(runId, replyTo, isWhole ? action : undefined)
    const pause = this.#pauseOf(state, heldUntil)
    const run = await Run.restore(state, record, transport, pause?.why).catch(async (error) => {
      await record.close()
      throw error
    })
    if (!isWhole) run.stopRollout(say('the values of its secrets are not stored across a restart'))
    if (pause?.endsWithReload && run.state.phase === 'paused') this.#byReply.add(runId)
    // Replies that came while no master was receiving are read first.
    if (run.isWaiting) void replyConsumer.catchUp()
    runs.add(run)
    // Replies on the shared queue expire after a minute, and agents that the run does not know would not be missed. Those on
    // the queue of another master are not received here.
    const isElsewhere = state.replyTo !== undefined && state.replyTo !== replyTo
    if (run.isWaiting && (isElsewhere || replyTo === environment.queues.replies)) void run.askEveryone()
    return run
  }

  /** Every rollout is paused while it is read; {@link resume} lets it go on where that is the reload of a window. */
  #pauseOf(state: RunState, heldUntil: number): { why: Localizable; endsWithReload: boolean } | undefined {
    if (state.phase !== 'running' || stepsLeft(state).length === 0) return undefined
    if (this.#parts.environment.protected)
      return { why: say('it was resumed, and the environment is protected'), endsWithReload: false }
    const awayMs = this.#parts.now() - heldUntil
    // A clock that was set back says nothing about how long it was.
    if (awayMs >= 0 && awayMs <= reloadMs) return { why: say('it was just resumed'), endsWithReload: true }
    return {
      why: say('it was resumed more than 10 seconds after the window was closed'),
      endsWithReload: false,
    }
  }
}
