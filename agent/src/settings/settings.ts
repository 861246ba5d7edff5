import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { contained } from '../../../src/async/contained.ts'
import { type Log, reasonOf } from '../log/log.ts'
import type { Policy } from '../policy/policy.ts'
import { noPolicy, readPolicy } from '../policy/policyFile.ts'
import { type Configuration, readConfiguration } from './configuration.ts'

/** Everything that operators decide. */
export interface Settings {
  readonly configuration: Configuration
  readonly policy: Policy | undefined
}

/** @throws ConfigurationError, PolicyError */
export async function readSettings(configFile: string | undefined): Promise<Settings> {
  const configuration = await readConfiguration(configFile)
  return { configuration, policy: await readPolicy(configuration.policyFile) }
}

/** How often the files are looked at for changes, milliseconds. */
const watchEveryMs = 5_000

/** Parts of the configuration that make up who the agent is and whom it talks to: they need a new start. */
const fixed = ['environment', 'agentId', 'hostname', 'stateDir', 'auditLog', 'queues'] as const

/** The settings of a running agent. */
export class LiveSettings {
  current: Settings
  readonly #log: Log
  #reloading: Promise<void> = Promise.resolve()

  constructor(first: Settings, log: Log) {
    this.current = first
    this.#log = log
    for (const warning of first.configuration.warnings) log.warn(warning)
    this.#tellPolicy()
  }

  /** Reads the files again. If they cannot be used, everything stays as it is. */
  reload(): Promise<void> {
    // In turn: what was read earlier must not take the place of what was read later.
    this.#reloading = this.#reloading.then(() => this.#read())
    return this.#reloading
  }

  async #read(): Promise<void> {
    const before = this.current.configuration
    try {
      const { configuration: fresh, policy } = await readSettings(before.file)
      for (const warning of fresh.warnings) if (!before.warnings.includes(warning)) this.#log.warn(warning)
      const kept = fixed.filter((key) => JSON.stringify(fresh[key]) !== JSON.stringify(before[key]))
      if (kept.length > 0)
        this.#log.warn(`Changes to ${kept.join(', ')} take effect when the agent is restarted.`)
      const { environment, agentId, hostname, stateDir, auditLog, queues } = before
      this.current = {
        configuration: { ...fresh, environment, agentId, hostname, stateDir, auditLog, queues },
        policy,
      }
      this.#log.setLevel(fresh.logLevel)
      this.#log.info(`Read ${fresh.file} again.`)
      this.#tellPolicy()
    } catch (error) {
      this.#log.error(`Keeping the previous configuration and policy: ${reasonOf(error)}`)
    }
  }

  /**
   * Reloads when a file changes, until `signal` aborts.
   * @param everyMs how often the files are looked at, milliseconds
   */
  async watch(signal: AbortSignal, onReload: () => void, everyMs = watchEveryMs): Promise<void> {
    const tell = contained(onReload)
    let known = await this.#stamps()
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal }).catch(() => {})
      const now = await this.#stamps()
      if (signal.aborted || isSame(known, now)) continue
      await this.reload()
      // As they were before they were read: what has changed since is read the next time. The policy may be another file.
      known = new Map([...(await this.#stamps()), ...now])
      tell()
    }
  }

  #tellPolicy(): void {
    const { policy } = this.current
    if (policy === undefined) this.#log.warn(noPolicy)
    else this.#log.info(`Policy in use: ${policy.file} (${policy.rules.length} rules).`)
  }

  /** What tells that a file has changed, by its path. */
  async #stamps(): Promise<ReadonlyMap<string, string>> {
    const { configuration, policy } = this.current
    const files = [configuration.file, ...(policy === undefined ? [] : [policy.file])]
    const stamps = files.map((file) =>
      stat(file).then(
        ({ mtimeMs, size, ino }): [string, string] => [file, `${mtimeMs} ${size} ${ino}`],
        (): [string, string] => [file, 'none'],
      ),
    )
    return new Map(await Promise.all(stamps))
  }
}

function isSame(known: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): boolean {
  return [...now].every(([file, stamp]) => known.get(file) === stamp)
}
