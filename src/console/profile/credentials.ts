import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import type { Environment } from '../../queues/environment.ts'
import type { Connection } from '../../queues/sqsClient.ts'
import { askMfaCode } from './mfa.ts'
import type { Profiles } from './profiles.ts'
import { proxySettings } from './proxySettings.ts'
import { SharedCredentials } from './sharedCredentials.ts'
import type { WorkspaceConsent } from './workspaceConsent.ts'

/** Provides the credentials for an environment's queues: the only way to them, so that every connection is agreed to. */
export class Credentials {
  readonly #profiles: Profiles
  readonly #consent: WorkspaceConsent
  readonly #shared = new SharedCredentials(Date.now)

  constructor(profiles: Profiles, consent: WorkspaceConsent) {
    this.#profiles = profiles
    this.#consent = consent
    // Registered first, so that listeners that reconnect because of the change find no earlier credentials.
    profiles.onDidChange(() => this.#shared.forget())
  }

  /**
   * @param isUserAct whether the user is waiting at that moment, and may be asked for an MFA code, or for their consent
   * @throws ConsentMissing, or Error when the workspace is not trusted
   */
  async connectionOf(
    declared: DeclaredEnvironment,
    isUserAct: () => boolean,
  ): Promise<Environment & Connection> {
    // Before the question: the settings may change while it is open, and the answer is about these.
    const environment = { ...this.#profiles.withProfile(declared.environment), proxies: proxySettings }
    await this.#consent.check(declared, this.#profiles.names(), isUserAct)
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
