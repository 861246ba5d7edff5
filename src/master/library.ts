/**
 * The master as a library for Node 20 and later: sends commands to the agents of an environment, and receives their
 * replies. This module is the whole public API; everything else in the sources may change between versions.
 *
 * ```ts
 * const { master, close } = await openMaster({
 *   environment: { name: 'testing', region: 'eu-west-1' },
 *   folder: '.ec2-collective',
 * })
 * await master.refresh()
 * const action = { kind: 'shell', command: 'uptime' } as const
 * const request = { filter: readFilter('role=web'), action, timeoutMs: 60_000 }
 * console.log(master.reach(request).agents.map(({ hostname }) => hostname))
 * const stop = new AbortController()
 * const started = await master.start(request, stop.signal)
 * if (started.kind === 'not-sent') throw new Error('Aborted before any agent had it.')
 * const { run } = started
 * await run.ended
 * for (const { hostname, state } of run.state.replies.values()) console.log(hostname, state)
 * await close()
 * ```
 *
 * Abort the signal to stop: before SQS has the command nothing is sent, after that the run is cancelled on the servers.
 *
 * Tell errors apart by their `name`: `readFilter` throws a `FilterSyntaxError`; after `NobodyMatches` nothing was sent; a
 * `QueueError` says what SQS answered (`kind`), about which `queue` and which IAM `action`.
 *
 * @module
 */
import { join } from 'node:path'
import { type Lazy, lazy } from '../async/lazy.ts'
import { isThrowAwayReplyQueue, masterOfReplyQueue, privateReplyQueue } from '../protocol/names.ts'
import { ownerOf } from '../queues/callerIdentity.ts'
import { defaultQueues, type Environment } from '../queues/environment.ts'
import { createQueues } from '../queues/queues.ts'
import type { RequestCounts } from '../queues/requestCounts.ts'
import type { Connection } from '../queues/sqsClient.ts'
import type { Issuer } from '../run/runRequest.ts'
import type { Timing } from '../run/timing.ts'
import { readEarlierRuns } from './earlierRuns.ts'
import { PinStore } from './identity/pinStore.ts'
import { Master } from './master.ts'
import type { MasterWarning } from './masterWarning.ts'
import { ownIssuer } from './sending/issuer.ts'
import { openSigner } from './sending/openSigner.ts'
import { History } from './store/history.ts'
import { claimMasterId, claimThrowAwayId } from './store/masterId.ts'

/** Options of {@link openMaster}. */
export interface MasterSetup {
  /** Where to send. Without `queues`, they have the names that agents use by default. */
  readonly environment: Pick<Environment, 'name' | 'region'> & Partial<Environment>
  /**
   * Where runs and the master's id are kept. It is created if it does not exist, readable by its owner only. Several
   * processes of one user can share it.
   */
  readonly folder: string
  /** How to reach SQS and with which credentials, if different from `environment`. */
  readonly connection?: Connection
  /** The sender as shown to people and in the agents' audit logs. Default: user and host of this process. */
  readonly issuer?: Issuer
  /**
   * The ed25519 key that signs commands, for agents whose policy requires it: `NAME=FILE`, or `NAME=ssh-agent:KEY` with the
   * fingerprint, public key or comment of a key of an SSH agent.
   */
  readonly signingKey?: string
  /** Of the signing key, where it has one. */
  readonly signingPassphrase?: string
  /**
   * `shared` if this identity may not create queues: replies then arrive on the environment's own reply queue.
   * `throw-away` if no later master will use the folder, as in a pipeline: a private queue that `close` deletes, unless a
   * run is left to be resumed.
   */
  readonly replyQueue?: 'private' | 'shared' | 'throw-away'
  /** A run of the folder that will be resumed: if its replies arrive on a throw-away queue, that queue is used again. */
  readonly resumes?: string
  /** Waits that differ from the defaults. */
  readonly timing?: Partial<Timing>
  /** Receives problems that do not stop the master, and that a person has to be able to find. */
  readonly onWarning?: (warning: MasterWarning) => void
}

/** An open master, its history and request counts. */
export interface OpenMaster {
  readonly master: Master
  /** The runs in the folder, including those of earlier masters. `prune` limits how many are kept. */
  readonly history: History
  /** Requests to SQS so far, and how many of them AWS bills. */
  readonly requests: () => RequestCounts
  /**
   * Stops receiving and releases the id. Active runs go on at their agents; `master.resume` of a later master with the
   * same folder resumes them. A throw-away reply queue is deleted if there are none. Further calls change nothing.
   * @param options.signal gives up deleting a throw-away reply queue
   */
  readonly close: (options?: { readonly signal?: AbortSignal }) => Promise<void>
}

/**
 * Opens a master of one environment. This sends no request to SQS; call `master.refresh` to find the agents.
 * @throws Error when the folder cannot be used, or the signing key cannot be read
 */
export async function openMaster(setup: MasterSetup): Promise<OpenMaster> {
  const { folder, connection, issuer = ownIssuer(), replyQueue, timing, onWarning } = setup
  const { name } = setup.environment
  const environment: Environment = { queues: defaultQueues(name), protected: false, ...setup.environment }
  const signer =
    setup.signingKey === undefined
      ? undefined
      : await openSigner(setup.signingKey, { askPassphrase: async () => setup.signingPassphrase })
  const history = await History.open(join(folder, 'history'))
  const pinStore = await PinStore.open(join(folder, 'identities'), environment)
  const queues = createQueues(connection ?? environment)
  const claim = await claimFor(setup, history)
  const masterId = await claim(join(folder, 'masters')).catch((error) => {
    queues.close()
    throw error
  })
  const master = new Master({
    ...{ environment, queues, history, issuer, masterId: masterId.id, pinStore },
    owner: () => ownerOf(connection ?? environment),
    // A master that is opened for one run knows nobody who is missing: its runs do.
    earlierFleet: () => readEarlierRuns(history, environment, Date.now()),
    ...(signer === undefined ? {} : { signer }),
    ...(replyQueue === 'shared' ? { replyQueue } : {}),
    ...(timing === undefined ? {} : { timing }),
    ...(onWarning === undefined ? {} : { onWarning }),
  })
  const forgetReplyQueue = isThrowAwayReplyQueue(name, privateReplyQueue(name, masterId.id))
  const end = async (options?: { readonly signal?: AbortSignal }) => {
    try {
      await master.close({ ...options, forgetReplyQueue })
    } finally {
      queues.close()
      await masterId.release()
    }
  }
  let ending: Lazy<void> | undefined
  const close: OpenMaster['close'] = (options) => {
    ending ??= lazy(() => end(options))
    return ending.get()
  }
  return { master, history, requests: () => queues.requests, close }
}

/** How to claim the id of the master: a run that is resumed brings the one that its replies go to. */
async function claimFor({ replyQueue, resumes, environment }: MasterSetup, history: History) {
  const begun = resumes === undefined ? undefined : await history.begun(resumes).catch(() => undefined)
  const { replyTo = '' } = begun?.start ?? {}
  const earlier = isThrowAwayReplyQueue(environment.name, replyTo)
    ? masterOfReplyQueue(environment.name, replyTo)
    : undefined
  if (earlier === undefined && replyQueue !== 'throw-away') return claimMasterId
  return (directory: string) => claimThrowAwayId(directory, earlier)
}

export type { Action } from '../protocol/action.ts'
export type { Facts } from '../protocol/facts.ts'
export type { Filter } from '../protocol/filter/syntax.ts'
// biome-ignore lint/performance/noBarrelFile: this module is the public API of the library
export { everyone, readFilter, type WrittenFilter } from '../protocol/filter/writtenFilter.ts'
export type { Chunk } from '../protocol/frames.ts'
export type { AgentState, Verdict } from '../protocol/verdict.ts'
export type { Environment, EnvironmentQueues, StaticCredentials } from '../queues/environment.ts'
export type { QueueErrorKind } from '../queues/errorKind.ts'
export type { QueueError } from '../queues/queueError.ts'
export type { RequestCounts } from '../queues/requestCounts.ts'
export type { Connection, CredentialProvider } from '../queues/sqsClient.ts'
export type { Amount, Issuer, Rollout, RunRequest, Unseen } from '../run/runRequest.ts'
export type { ReplyState, RunStart, RunState } from '../run/runState.ts'
export type { RunSummary } from '../run/runSummary.ts'
export type { Timing } from '../run/timing.ts'
export type { Localizable } from '../text/localizable.ts'
export type { Run, RunChange } from './engine/run.ts'
export type { Sweep, UnreadableMessage } from './fleet/factsSweep.ts'
export type { FleetLook, FleetSnapshot, KnownAgent } from './fleet/fleetSnapshot.ts'
export type { Inventory } from './fleet/inventory.ts'
export type { Audience, MissingAgent, NamedAgent, Reach } from './fleet/reach.ts'
export type { InvalidAction } from './invalidAction.ts'
export type { Master } from './master.ts'
export type { MasterWarning, Rejected, Sender } from './masterWarning.ts'
export type { NobodyMatches } from './nobodyMatches.ts'
export type { StartOutcome } from './startOutcome.ts'
export type { History } from './store/history.ts'
export type { Pruned, Retention, RunNotDeleted } from './store/retention.ts'
export type { RecordedRun } from './store/runRecord.ts'
export type { HistoryReport } from './store/verifyHistory.ts'
export type { UnseenNotAllowed } from './unseenNotAllowed.ts'
