import { setTimeout as sleep } from 'node:timers/promises'
import { contained } from '../../../src/async/contained.ts'
import { type Log, reasonOf } from '../log/log.ts'
import type { PolicyInForce } from '../policy/policyInForce.ts'
import { type Configuration, readConfiguration } from './configuration.ts'
import { fileStamp } from './fileStamp.ts'
import { LivePolicy } from './livePolicy.ts'

/** Everything that operators decide. */
export interface Settings {
  readonly configuration: Configuration
  readonly policy: PolicyInForce
}

/** How often the files are looked at when no command comes, milliseconds. */
const watchEveryMs = 5_000

/** Parts of the configuration that make up who the agent is and whom it talks to: they need a new start. */
const fixed = [
  'environment',
  'agentId',
  'hostname',
  'stateDir',
  'auditLog',
  'queues',
  'limitsCgroup',
] as const

/** The settings of a running agent. */
export class LiveSettings {
  readonly #log: Log
  readonly #onChange: () => void
  readonly #policy: LivePolicy
  #configuration: Configuration
  /** As of the configuration that was read last. */
  #stamp = ''
  #looking: Promise<void> = Promise.resolve()

  /**
   * @param configuration read at the start
   * @param onChange told after configuration or policy has changed
   * @returns the settings, with the policy as it is now
   * @throws ConfigurationError
   */
  static async open(
    configuration: Configuration,
    log: Log,
    onChange: () => void = () => {},
  ): Promise<LiveSettings> {
    const settings = new LiveSettings(configuration, log, onChange)
    for (const warning of configuration.warnings) log.warn(warning)
    // It may have changed since it was read.
    const stamp = await fileStamp(configuration.file)
    settings.#configuration = withFixed(configuration, await readConfiguration(configuration.file))
    settings.#stamp = stamp
    await settings.#policy.look()
    return settings
  }

  private constructor(configuration: Configuration, log: Log, onChange: () => void) {
    this.#configuration = configuration
    this.#log = log
    this.#onChange = contained(onChange)
    this.#policy = new LivePolicy(() => this.#configuration, log)
  }

  get current(): Settings {
    return { configuration: this.#configuration, policy: this.#policy.current }
  }

  /**
   * Reads what has changed since the last look, so that what {@link current} says holds at the moment of the call. Costs
   * two `stat`s when nothing has. A configuration that cannot be used leaves the previous one in force; a policy that
   * cannot be used allows nothing.
   */
  look(): Promise<void> {
    return this.#inTurn(false)
  }

  /** Reads all files again. */
  reload(): Promise<void> {
    return this.#inTurn(true)
  }

  /**
   * Looks at the files until `signal` aborts.
   * @param everyMs how often, milliseconds
   */
  async watch(signal: AbortSignal, everyMs = watchEveryMs): Promise<void> {
    while (!signal.aborted) {
      await this.look()
      await sleep(everyMs, undefined, { signal }).catch(() => {})
    }
  }

  /** In turn: what was read earlier must not take the place of what was read later. */
  #inTurn(again: boolean): Promise<void> {
    this.#looking = this.#looking.then(() =>
      this.#look(again).catch((error) => this.#log.error(`Cannot read the settings: ${reasonOf(error)}`)),
    )
    return this.#looking
  }

  async #look(again: boolean): Promise<void> {
    // As it is before it is read: what changes meanwhile is read at the next look.
    const stamp = await fileStamp(this.#configuration.file)
    const isRead = (again || stamp !== this.#stamp) && (await this.#read())
    this.#stamp = stamp
    const isOther = await this.#policy.look(again)
    if (isRead || isOther) this.#onChange()
  }

  /** @returns whether a configuration was read that can be used */
  async #read(): Promise<boolean> {
    const before = this.#configuration
    try {
      const fresh = await readConfiguration(before.file)
      for (const warning of fresh.warnings) if (!before.warnings.includes(warning)) this.#log.warn(warning)
      const kept = fixed.filter((key) => JSON.stringify(fresh[key]) !== JSON.stringify(before[key]))
      if (kept.length > 0)
        this.#log.warn(`Changes to ${kept.join(', ')} take effect when the agent is restarted.`)
      this.#configuration = withFixed(before, fresh)
      this.#log.setLevel(fresh.logLevel)
      this.#log.info(`Read ${fresh.file} again.`)
      return true
    } catch (error) {
      this.#log.error(`Keeping the previous configuration: ${reasonOf(error)}`)
      return false
    }
  }
}

function withFixed(before: Configuration, fresh: Configuration): Configuration {
  const { environment, agentId, hostname, stateDir, auditLog, queues, limitsCgroup } = before
  return { ...fresh, environment, agentId, hostname, stateDir, auditLog, queues, limitsCgroup }
}
