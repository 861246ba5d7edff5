import { hostname, userInfo } from 'node:os'
import type { History } from '../../master/history.ts'
import type { MasterTrouble } from '../../master/master.ts'
import type { MasterId } from '../../master/masterId.ts'
import type { Environment } from '../../queues/environment.ts'
import type { OpenMasterFor } from './connections.ts'

export interface MasterSetting {
  /** Folder of this workspace's runs. */
  readonly historyFolder: string
  /** Folder of this person's master ids, shared by all windows. */
  readonly idFolder: string
  /** The environment with the profile that signs for it. */
  readonly withProfile: (environment: Environment) => Environment
  /** Asks a person for an MFA code; rejects when nobody is there who has asked for something. */
  readonly mfaCode: (environment: Environment, serial: string, isUserAct: boolean) => Promise<string>
  readonly onTrouble: (environment: Environment, trouble: MasterTrouble) => void
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
    const [{ createQueues }, { Master }, history, { id }] = await Promise.all([
      import('../../queues/queues.ts'),
      import('../../master/master.ts'),
      this.history(),
      this.#claimId(),
    ])
    const environment = this.#setting.withProfile(declared.environment)
    const queues = createQueues({
      ...environment,
      mfaCode: (serial) => this.#setting.mfaCode(environment, serial, isUserAct()),
    })
    const master = new Master({
      environment,
      queues,
      issuer: { name: userInfo().username, host: hostname() },
      masterId: id,
      history,
      onTrouble: (trouble) => this.#setting.onTrouble(environment, trouble),
    })
    return { master, queues }
  }

  /** The runs of this workspace; read without any connection. */
  history(): Promise<History> {
    this.#history ??= import('../../master/history.ts').then(({ History }) =>
      History.open(this.#setting.historyFolder),
    )
    return this.#history
  }

  async close(): Promise<void> {
    await (await this.#id)?.release()
  }

  #claimId(): Promise<MasterId> {
    this.#id ??= import('../../master/masterId.ts').then(({ claimMasterId }) =>
      claimMasterId(this.#setting.idFolder),
    )
    return this.#id
  }
}
