import * as vscode from 'vscode'
import type { LocalFleet } from '../../localFleet/client.ts'
import type { Environment } from '../../queues/environment.ts'

/**
 * The local fleet as this window sees it. It is joined when it already runs (after a reload, or in another window), and
 * started only when the user says so. Its processes end by themselves soon after the last window has let go of it.
 */
export class LocalFleetControl implements vscode.Disposable {
  readonly #directory: string
  readonly #onEnvironments: (environments: readonly Environment[]) => void
  #opening: Promise<LocalFleet | undefined> | undefined
  #fleet: LocalFleet | undefined
  #hasLooked = false

  /**
   * @param directory shared by all windows
   * @param onEnvironments told the fleet's environments when it comes, and none when it goes
   */
  constructor(directory: string, onEnvironments: (environments: readonly Environment[]) => void) {
    this.#directory = directory
    this.#onEnvironments = onEnvironments
  }

  get isRunning(): boolean {
    return this.#fleet !== undefined
  }

  /** Joins a fleet that runs. Asked once: whoever starts one later in another window keeps it there. */
  async look(): Promise<void> {
    if (this.#hasLooked) return
    this.#hasLooked = true
    await this.#open(async (signal) => (await program()).joinLocalFleet(this.#directory, signal))
  }

  /**
   * Starts the fleet, or joins the one that runs.
   * @throws Error in words when it cannot be started
   */
  async start(signal: AbortSignal): Promise<LocalFleet | undefined> {
    if (this.#fleet !== undefined) return this.#fleet
    this.#hasLooked = true
    await setContext('localFleetStarting', true)
    try {
      return await this.#open(async () =>
        (await program()).openLocalFleet({ directory: this.#directory, signal }),
      )
    } finally {
      await setContext('localFleetStarting', false)
    }
  }

  /** Ends it for every window. */
  async stop(): Promise<void> {
    await this.#fleet?.stop()
  }

  /** Lets go: it lives on for the seconds that a window takes to reload. */
  dispose(): void {
    this.#fleet?.close()
  }

  #open(open: (signal?: AbortSignal) => Promise<LocalFleet | undefined>): Promise<LocalFleet | undefined> {
    this.#opening ??= this.#follow(open).finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async #follow(
    open: (signal?: AbortSignal) => Promise<LocalFleet | undefined>,
  ): Promise<LocalFleet | undefined> {
    const fleet = await open()
    if (fleet === undefined) return undefined
    this.#fleet = fleet
    this.#onEnvironments(fleet.environments)
    await setContext('localFleetRuns', true)
    void fleet.ended.then(async () => {
      this.#fleet = undefined
      this.#onEnvironments([])
      await setContext('localFleetRuns', false)
    })
    return fleet
  }
}

function program() {
  return import('../../localFleet/client.ts')
}

async function setContext(name: string, value: boolean): Promise<void> {
  await vscode.commands.executeCommand('setContext', `ec2-collective.${name}`, value)
}
