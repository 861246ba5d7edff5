import * as vscode from 'vscode'
import { orAborted } from '../../async/aborted.ts'
import { contained, warnOfBug } from '../../async/contained.ts'
import type { LocalFleet } from '../../localFleet/client.ts'
import type { Environment } from '../../queues/environment.ts'

/**
 * The local fleet as this window sees it. The window joins it if it is already running (after a reload, or in another
 * window), and starts it only when the user asks. Its processes end shortly after the last window has left.
 */
export class LocalFleetControl implements vscode.Disposable {
  readonly #directory: string
  readonly #onEnvironments: (environments: readonly Environment[]) => void
  readonly #load: () => Promise<FleetProgram>
  /** The attempt in progress to reach a fleet; only one at a time. */
  #opening: Promise<unknown> | undefined
  #fleet: LocalFleet | undefined
  #hasLooked = false
  #isDisposed = false

  /**
   * @param directory shared by all windows
   * @param onEnvironments gets the fleet's environments when it starts, and none when it ends
   */
  constructor(
    directory: string,
    onEnvironments: (environments: readonly Environment[]) => void,
    load: () => Promise<FleetProgram> = () => import('../../localFleet/client.ts'),
  ) {
    this.#directory = directory
    this.#onEnvironments = contained(onEnvironments)
    this.#load = load
  }

  get isRunning(): boolean {
    return this.#fleet !== undefined
  }

  /**
   * Joins a running fleet. Looks for it only once: a fleet that another window starts later stays there. A failure to look
   * is reported to the caller that starts the fleet.
   */
  async look(): Promise<void> {
    if (this.#hasLooked) return
    this.#hasLooked = true
    await this.#open(async ({ joinLocalFleet }) => joinLocalFleet(this.#directory)).catch(() => undefined)
  }

  /**
   * Starts the fleet, or joins the running one.
   * @throws Error that says why it cannot be started; the signal's reason when aborted
   */
  async start(signal: AbortSignal): Promise<LocalFleet | undefined> {
    this.#hasLooked = true
    // Another call may be looking for it or starting it: its errors belong to that call, only the fleet is shared.
    while (this.#opening !== undefined)
      await orAborted(this.#opening, signal).then(() => signal.throwIfAborted())
    if (this.#fleet !== undefined) return this.#fleet
    return this.#open(async ({ openLocalFleet }) => {
      await setContext('localFleetStarting', true)
      try {
        return await openLocalFleet({ directory: this.#directory, signal })
      } finally {
        await setContext('localFleetStarting', false)
      }
    })
  }

  /** Stops it for every window. */
  async stop(): Promise<void> {
    await this.#fleet?.stop()
  }

  /** Leaves the fleet. It keeps running for some seconds, as long as a window takes to reload. */
  dispose(): void {
    this.#isDisposed = true
    this.#fleet?.close()
  }

  #open(open: (program: FleetProgram) => Promise<LocalFleet | undefined>): Promise<LocalFleet | undefined> {
    const opening = this.#load().then(async (program) => this.#follow(await open(program)))
    const over = opening
      .catch(() => {})
      .finally(() => {
        if (this.#opening === over) this.#opening = undefined
      })
    this.#opening = over
    return opening
  }

  async #follow(fleet: LocalFleet | undefined): Promise<LocalFleet | undefined> {
    if (fleet === undefined) return undefined
    if (this.#isDisposed) {
      fleet.close()
      return undefined
    }
    this.#fleet = fleet
    this.#onEnvironments(fleet.environments)
    fleet.ended.then(() => this.#forget(fleet)).catch(warnOfBug)
    await setContext('localFleetRuns', true)
    return fleet
  }

  async #forget(fleet: LocalFleet): Promise<void> {
    if (this.#fleet !== fleet) return
    this.#fleet = undefined
    this.#onEnvironments([])
    await setContext('localFleetRuns', false)
  }
}

type FleetProgram = Pick<typeof import('../../localFleet/client.ts'), 'joinLocalFleet' | 'openLocalFleet'>

async function setContext(name: string, value: boolean): Promise<void> {
  await vscode.commands.executeCommand('setContext', `ec2-collective.${name}`, value)
}
