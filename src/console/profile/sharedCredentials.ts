import type { CredentialProvider } from '../../queues/sqsClient.ts'

type Credentials = Awaited<ReturnType<CredentialProvider>>

/** Credentials that end sooner than this are not handed on, milliseconds. */
const freshForMs = 5 * 60_000

/**
 * Temporary credentials of a profile, shared by all environments that it signs for: an MFA code is asked for once, not
 * once per environment. Keys without an end are not kept: they are read afresh, as somebody may have changed them.
 */
export class SharedCredentials {
  readonly #kept = new Map<string, Credentials>()
  readonly #loading = new Map<string, Promise<Credentials>>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /**
   * A provider for one client. When that client asks again for what it was given, it was refused with it, and gets others.
   * @param key whatever else decides about the credentials, the profile above all
   */
  provider(key: string, load: CredentialProvider): CredentialProvider {
    let given: Credentials | undefined
    return async () => {
      const kept = this.#kept.get(key)
      const isRefused = kept !== undefined && kept === given
      if (kept === undefined || isRefused || !this.#isFresh(kept)) given = await this.#load(key, load)
      else given = kept
      return given
    }
  }

  /** The files or the choice of the profile have changed: what was kept may be another's. */
  forget(): void {
    this.#kept.clear()
    this.#loading.clear()
  }

  #load(key: string, load: CredentialProvider): Promise<Credentials> {
    const underWay = this.#loading.get(key)
    if (underWay !== undefined) return underWay
    const loading = load()
      .then((credentials) => {
        if (this.#loading.get(key) === loading && credentials.expiration !== undefined)
          this.#kept.set(key, credentials)
        return credentials
      })
      .finally(() => {
        if (this.#loading.get(key) === loading) this.#loading.delete(key)
      })
    this.#loading.set(key, loading)
    return loading
  }

  #isFresh({ expiration }: Credentials): boolean {
    return expiration !== undefined && expiration.getTime() - this.#now() > freshForMs
  }
}
