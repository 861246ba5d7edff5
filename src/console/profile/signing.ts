import type { Environment } from '../../queues/environment.ts'
import type { Connection } from '../../queues/sqsClient.ts'
import { askMfaCode } from './mfa.ts'
import type { Profiles } from './profiles.ts'
import { SharedCredentials } from './sharedCredentials.ts'

/** Says as whom an environment's queues are used. */
export class Signing {
  readonly #profiles: Profiles
  readonly #shared = new SharedCredentials(Date.now)

  constructor(profiles: Profiles) {
    this.#profiles = profiles
    // Registered first, so that whoever connects anew because of the change finds nothing of before.
    profiles.onDidChange(() => this.#shared.forget())
  }

  /** @param isUserAct whether, at the moment of the question, a person waits who may be asked for an MFA code */
  async connectionOf(declared: Environment, isUserAct: () => boolean): Promise<Environment & Connection> {
    const environment = this.#profiles.withProfile(declared)
    if (environment.credentials !== undefined) return environment
    const { credentialsOf } = await import('../../queues/sqsClient.ts')
    const { profile = '', region } = environment
    const load = credentialsOf({
      ...environment,
      mfaCode: (serial) => askMfaCode(environment, serial, isUserAct()),
    })
    if (typeof load !== 'function') return environment
    return {
      ...environment,
      credentials: this.#shared.provider(`${profile}\n${region}`, load),
    } as Environment & Connection
  }
}
