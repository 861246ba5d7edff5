import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '../log/log.ts'
import { defaultPolicyFile, type PolicyFile, readPolicyFile } from '../policy/policyFile.ts'
import {
  describePolicy,
  type PolicyConfiguration,
  type PolicyInForce,
  policyInForce,
} from '../policy/policyInForce.ts'
import { fileStamp } from './fileStamp.ts'

/** What the policy of a running agent depends on. */
export interface LivePolicyConfiguration extends PolicyConfiguration {
  /** Where it is remembered that a policy was in force. */
  readonly stateDir: string
}

/**
 * The policy of a running agent, as its file is at the moment. Calls of {@link look} must not overlap.
 */
export class LivePolicy {
  current: PolicyInForce = { kind: 'closed', reason: 'The agent has not read its policy yet.' }
  readonly #configuration: () => LivePolicyConfiguration
  readonly #log: Pick<Log, 'info' | 'warn' | 'error'>
  #file: PolicyFile = { kind: 'absent' }
  #stamp: string | undefined
  #told = ''
  /** Undefined until it was looked up. */
  #wasInForce: boolean | undefined

  constructor(configuration: () => LivePolicyConfiguration, log: Pick<Log, 'info' | 'warn' | 'error'>) {
    this.#configuration = configuration
    this.#log = log
  }

  /**
   * Makes {@link current} what the file says now. Costs one `stat` while the file stays as it is.
   * @param again read the file even when it seems to be the same
   * @returns whether it changed
   */
  async look(again = false): Promise<boolean> {
    const configuration = this.#configuration()
    const path = pathOf(configuration)
    // As it is before it is read: what changes meanwhile is read at the next look.
    const stamp = `${path} ${await fileStamp(path)}`
    if (again || stamp !== this.#stamp) {
      this.#file = await readPolicyFile(path)
      this.#stamp = stamp
    }
    this.#wasInForce ??= await wasPolicyInForce(configuration.stateDir)
    const state = policyInForce(this.#file, configuration, path, this.#wasInForce)
    if (state.kind === 'policy' && !this.#wasInForce) await this.#remember(configuration.stateDir, path)
    this.current = state
    return this.#tell(state)
  }

  async #remember(stateDir: string, path: string): Promise<void> {
    this.#wasInForce = true
    await writeFile(markerOf(stateDir), `${path}\n`, { mode: 0o600, flush: true }).catch((error) => {
      this.#log.error(
        `Cannot note that a policy is in force (${(error as Error).message}): without its file, the agent would allow everything after a restart. Set general.require_policy.`,
      )
    })
  }

  #tell(state: PolicyInForce): boolean {
    const sentence = describePolicy(state)
    const identity = state.kind === 'policy' ? `${sentence} ${state.digest}` : sentence
    if (identity === this.#told) return false
    this.#told = identity
    if (state.kind === 'policy') this.#log.info(sentence)
    else if (state.kind === 'open') this.#log.warn(sentence)
    else this.#log.error(sentence)
    return true
  }
}

/** Whether a policy was ever in force for an agent with this state directory. */
async function wasPolicyInForce(stateDir: string): Promise<boolean> {
  return stat(markerOf(stateDir)).then(
    () => true,
    // What cannot be told must not open the server.
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  )
}

/** The policy that an agent with this configuration would have now, without changing anything. */
export async function lookAtPolicy(configuration: LivePolicyConfiguration): Promise<PolicyInForce> {
  const path = pathOf(configuration)
  return policyInForce(
    await readPolicyFile(path),
    configuration,
    path,
    await wasPolicyInForce(configuration.stateDir),
  )
}

function pathOf({ policyFile }: PolicyConfiguration): string {
  return policyFile === undefined || policyFile === 'none' ? defaultPolicyFile : policyFile
}

function markerOf(stateDir: string): string {
  return join(stateDir, 'policy-was-in-force')
}
