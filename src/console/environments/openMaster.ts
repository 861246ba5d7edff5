import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import type { MasterWarning } from '../../master/masterWarning.ts'
import { ownIssuer } from '../../master/sending/issuer.ts'
import type { History, Retention } from '../../master/store/history.ts'
import type { MasterId } from '../../master/store/masterId.ts'
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
}

/** Makes masters. What they need (the AWS SDK above all) is loaded when the first one is wanted. */
export class MasterOpener {
  readonly #setting: MasterSetting
  #history: Promise<History> | undefined
  #id: Promise<MasterId> | undefined

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
      this.#claimId(),
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
  history(): Promise<History> {
    this.#history ??= import('../../master/store/history.ts').then(async ({ History }) => {
      const history = await History.open(this.#setting.historyFolder)
      await history.prune(this.#setting.retention(), Date.now())
      return history
    })
    return this.#history
  }

  async close(): Promise<void> {
    await (await this.#id)?.release()
  }

  #claimId(): Promise<MasterId> {
    this.#id ??= import('../../master/store/masterId.ts').then(({ claimMasterId }) =>
      claimMasterId(this.#setting.idFolder),
    )
    return this.#id
  }
}

/** What signs commands, where the user has said so. A workspace cannot: the setting is the machine's. */
async function chosenKey(): Promise<SigningKey | undefined> {
  const declared = readSetting('signingKey')
  if (declared === '') return undefined
  const { readSigningKey } = await import('../../master/sending/signingKey.ts')
  return readSigningKey(declared)
}
