import { lazy } from '../../async/lazy.ts'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import type { MasterWarning } from '../../master/masterWarning.ts'
import { ownIssuer } from '../../master/sending/issuer.ts'
import type { History } from '../../master/store/history.ts'
import type { MasterId } from '../../master/store/masterId.ts'
import type { Retention } from '../../master/store/retention.ts'
import type { SigningKey } from '../../protocol/envelope.ts'
import type { Environment } from '../../queues/environment.ts'
import { readSetting } from '../declarations/settings.ts'
import type { Signing } from '../profile/signing.ts'
import type { OpenMasterFor } from './connections.ts'

export interface MasterSetting {
  /** Folder of this workspace's runs. */
  readonly historyFolder: string
  /** Folder of the master ids. Beside the runs: what comes late to a master's queue must find its run there. */
  readonly idFolder: string
  /** As whom the environment's queues are used. */
  readonly connectionOf: Signing['connectionOf']
  /** How much history is kept. */
  readonly retention: () => Retention
  /**
   * @throws Error in words when the environment may not be connected to: its workspace is not trusted
   */
  readonly checkTrust: (declared: DeclaredEnvironment) => void
  readonly onWarning: (environment: Environment, trouble: MasterWarning) => void
  /** Something about the history went wrong that stands in nobody's way. */
  readonly onHistoryWarning: (error: Error) => void
}

/** A window may live for weeks, milliseconds. */
const pruneEveryMs = 3600_000

/** Makes masters. What they need (the AWS SDK above all) is loaded when the first one is wanted. */
export class MasterOpener {
  readonly #setting: MasterSetting
  readonly #history = lazy(() => this.#openHistory())
  readonly #id = lazy(() => this.#claimId())
  /** On the clock of `performance`, milliseconds. */
  #pruneFrom = 0

  constructor(setting: MasterSetting) {
    this.#setting = setting
  }

  readonly open: OpenMasterFor = async (declared, isUserAct) => {
    const { checkTrust, connectionOf, onWarning } = this.#setting
    checkTrust(declared)
    const [{ createQueues }, { Master }, history, { id }, connection, signingKey] = await Promise.all([
      import('../../queues/queues.ts'),
      import('../../master/master.ts'),
      this.history(),
      this.#id.get(),
      connectionOf(declared.environment, isUserAct),
      chosenKey(),
    ])
    const { environment } = declared
    const queues = createQueues(connection)
    const master = new Master({
      environment,
      queues,
      issuer: ownIssuer(),
      masterId: id,
      history,
      ...(signingKey === undefined ? {} : { signingKey }),
      onWarning: (trouble) => onWarning(environment, trouble),
    })
    return { master, queues }
  }

  /** The runs of this workspace; read without any connection. */
  async history(): Promise<History> {
    const history = await this.#history.get()
    void this.#prune(history)
    return history
  }

  async close(): Promise<void> {
    const id = await this.#id.started?.catch(() => undefined)
    await id?.release()
  }

  async #openHistory(): Promise<History> {
    const { History } = await import('../../master/store/history.ts')
    return History.open(this.#setting.historyFolder)
  }

  async #claimId(): Promise<MasterId> {
    const { claimMasterId } = await import('../../master/store/masterId.ts')
    return claimMasterId(this.#setting.idFolder)
  }

  /** Beside what the user does. What could not be deleted is tried again the next time. */
  async #prune(history: History): Promise<void> {
    if (performance.now() < this.#pruneFrom) return
    this.#pruneFrom = performance.now() + pruneEveryMs
    try {
      const { failed } = await history.prune(this.#setting.retention(), Date.now())
      for (const error of failed) this.#setting.onHistoryWarning(error)
    } catch (error) {
      this.#setting.onHistoryWarning(error as Error)
    }
  }
}

/** What signs commands, where the user has said so. A workspace cannot: the setting is the machine's. */
async function chosenKey(): Promise<SigningKey | undefined> {
  const declared = readSetting('signingKey')
  if (declared === '') return undefined
  const { readSigningKey } = await import('../../master/sending/signingKey.ts')
  return readSigningKey(declared)
}
