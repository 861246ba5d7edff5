import * as vscode from 'vscode'
import { orAborted } from '../../async/aborted.ts'
import { contained, warnOfBug } from '../../async/contained.ts'
import type { LocalFleet } from '../../localFleet/client.ts'
import type { Environment } from '../../queues/environment.ts'

/**
 * The local fleet as this window sees it. It is joined when it already runs (after a reload, or in another window), and
 * started only when the user says so. Its processes end by themselves soon after the last window has let go of it.
 */
export class LocalFleetControl implements vscode.Disposable {
  readonly #directory: string
  readonly #onEnvironments: (environments: readonly Environment[]) => void
  readonly #load: () => Promise<FleetProgram>
  /** The one way to a fleet that is tried at the moment. */
  #opening: Promise<unknown> | undefined
  #fleet: LocalFleet | undefined
  #hasLooked = false
  #isDisposed = false

  /**
   * @param directory shared by all windows
   * @param onEnvironments told the fleet's environments when it comes, and none when it goes
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
   * Joins a fleet that runs. Asked once: whoever starts one later in another window keeps it there. What keeps it from being
   * looked for is told to those who start it.
   */
  async look(): Promise<void> {
    if (this.#hasLooked) return
    this.#hasLooked = true
    await this.#open(async ({ joinLocalFleet }) => joinLocalFleet(this.#directory)).catch(() => undefined)
  }

  /**
   * Starts the fleet, or joins the one that runs.
   * @throws Error in words when it cannot be started; the signal's reason when aborted
   */
  async start(signal: AbortSignal): Promise<LocalFleet | undefined> {
    this.#hasLooked = true
    // Another may be looking, or starting it: what comes of that is theirs, but for the fleet.
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

  /** Ends it for every window. */
  async stop(): Promise<void> {
    await this.#fleet?.stop()
  }

  /** Lets go: it lives on for the seconds that a window takes to reload. */
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
