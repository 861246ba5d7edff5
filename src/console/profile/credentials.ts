import type { Environment } from '../../queues/environment.ts'
import type { Connection } from '../../queues/sqsClient.ts'
import { askMfaCode } from './mfa.ts'
import type { Profiles } from './profiles.ts'
import { SharedCredentials } from './sharedCredentials.ts'

/** Provides the credentials for an environment's queues. */
export class Credentials {
  readonly #profiles: Profiles
  readonly #shared = new SharedCredentials(Date.now)

  constructor(profiles: Profiles) {
    this.#profiles = profiles
    // Registered first, so that listeners that reconnect because of the change find no earlier credentials.
    profiles.onDidChange(() => this.#shared.forget())
  }

  /** @param isUserAct whether the user is waiting at that moment, and may be asked for an MFA code */
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
