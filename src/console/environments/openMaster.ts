import { lazy } from '../../async/lazy.ts'
import { type DeclaredEnvironment, signingKeyOf } from '../../declarations/declaredEnvironment.ts'
import type { PinStore } from '../../master/identity/pinStore.ts'
import type { MasterWarning } from '../../master/masterWarning.ts'
import { ownIssuer } from '../../master/sending/issuer.ts'
import type { History } from '../../master/store/history.ts'
import type { MasterId } from '../../master/store/masterId.ts'
import type { Retention } from '../../master/store/retention.ts'
import type { Environment } from '../../queues/environment.ts'
import type { Signer } from '../../signing/signer.ts'
import { readSetting } from '../declarations/settings.ts'
import type { Credentials } from '../profile/credentials.ts'
import { askPassphrase } from './askPassphrase.ts'
import type { OpenMasterFor } from './connectionState.ts'

export interface MasterSetting {
  /** Folder of the runs of this workspace. */
  readonly historyFolder: string
  /** Folder of the master IDs, next to the runs: a late reply on a master's queue must find its run there. */
  readonly idFolder: string
  /** Folder of what agents have proven, shared by all windows of this workspace. */
  readonly identityFolder: string
  /** Where an earlier version kept all of this for one window: it is moved before anything is read. */
  readonly earlierStorage?: { readonly from: string; readonly to: string }
  /** The credentials for the environment's queues. */
  readonly connectionOf: Credentials['connectionOf']
  /** The private key, PEM, that the editor keeps under this fingerprint. */
  readonly keyOfEditor: (fingerprint: string) => Promise<string | undefined>
  /** How much history is kept. */
  readonly retention: () => Retention
  readonly onWarning: (environment: Environment, trouble: MasterWarning) => void
  /** A problem with the history that does not prevent anything. */
  readonly onHistoryWarning: (error: Error) => void
}

/** Old runs are also deleted this often, since a window may be open for weeks. Milliseconds. */
const pruneEveryMs = 3600_000

/** Creates masters. Their code (above all the AWS SDK) is loaded when the first one is needed. */
export class MasterOpener {
  readonly #setting: MasterSetting
  readonly #history = lazy(() => this.#openHistory())
  readonly #id = lazy(() => this.#claimId())
  readonly #moved = lazy(() => this.#move())
  /** By `performance.now`, milliseconds. */
  #pruneFrom = 0

  constructor(setting: MasterSetting) {
    this.#setting = setting
  }

  readonly open: OpenMasterFor = async (declared, isUserAct) => {
    const { connectionOf, onWarning } = this.#setting
    const { environment } = declared
    // First: it may ask the user, or refuse.
    const connection = await connectionOf(declared, isUserAct)
    const [{ createQueues }, { ownerOf }, { Master }, history, { id }, pinStore, signer] = await Promise.all([
      import('../../queues/queues.ts'),
      import('../../queues/callerIdentity.ts'),
      import('../../master/master.ts'),
      this.history(),
      this.#id.get(),
      this.#pinStore(environment),
      this.#signer(declared, isUserAct),
    ])
    const queues = createQueues(connection)
    const master = new Master({
      environment,
      queues,
      issuer: ownIssuer(),
      masterId: id,
      pinStore,
      history,
      owner: () => ownerOf(connection),
      ...(signer === undefined ? {} : { signer }),
      onWarning: (trouble) => onWarning(environment, trouble),
    })
    return { master, queues }
  }

  /** The runs of this workspace; reading them needs no connection. */
  async history(): Promise<History> {
    const history = await this.#history.get()
    void this.#prune(history)
    return history
  }

  async close(): Promise<void> {
    const id = await this.#id.started?.catch(() => undefined)
    await id?.release()
  }

  /** What cannot be moved now is moved the next time: until then the window works with the rest. */
  async #move(): Promise<void> {
    const { earlierStorage, onHistoryWarning } = this.#setting
    if (earlierStorage === undefined) return
    const { moveIntoShared } = await import('../../master/store/sharedStorage.ts')
    await moveIntoShared(earlierStorage.from, earlierStorage.to).catch(onHistoryWarning)
  }

  async #openHistory(): Promise<History> {
    await this.#moved.get()
    const { History } = await import('../../master/store/history.ts')
    return History.open(this.#setting.historyFolder)
  }

  async #claimId(): Promise<MasterId> {
    await this.#moved.get()
    const { claimMasterId } = await import('../../master/store/masterId.ts')
    return claimMasterId(this.#setting.idFolder)
  }

  async #pinStore(environment: Environment): Promise<PinStore> {
    await this.#moved.get()
    const { PinStore } = await import('../../master/identity/pinStore.ts')
    return PinStore.open(this.#setting.identityFolder, environment)
  }

  async #signer(declared: DeclaredEnvironment, isUserAct: () => boolean): Promise<Signer | undefined> {
    const reference = signingKeyOf(declared, readSetting('signingKey'))
    if (reference === undefined) return undefined
    const { openSigner } = await import('../../master/sending/openSigner.ts')
    return openSigner(reference, {
      askPassphrase: async (file) => (isUserAct() ? askPassphrase(file) : undefined),
      ofEditor: this.#setting.keyOfEditor,
    })
  }

  /** In the background. Runs that could not be deleted are tried again the next time. */
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
