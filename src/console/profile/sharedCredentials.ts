import type { CredentialProvider } from '../../queues/sqsClient.ts'

type Credentials = Awaited<ReturnType<CredentialProvider>>

/** Credentials that expire sooner than this are not passed on, milliseconds. */
const freshForMs = 5 * 60_000

/**
 * Temporary credentials of a profile, shared by all environments that use it, so that the user enters an MFA code once, not
 * once per environment. Keys that do not expire are not cached: they are read again, since they may have changed.
 */
export class SharedCredentials {
  readonly #kept = new Map<string, Credentials>()
  readonly #loading = new Map<string, Promise<Credentials>>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /**
   * A provider for one client. A client that asks again for the same credentials was refused with them, so it gets new ones.
   * @param key identifies the credentials, above all by their profile
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

  /** The files or the chosen profile have changed, so cached credentials may be outdated. */
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
