import * as vscode from 'vscode'
import { warnOfBug } from '../../async/contained.ts'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import type { Sweep } from '../../master/fleet/factsSweep.ts'
import type { Audience, Reach } from '../../master/fleet/reach.ts'
import type { Master } from '../../master/master.ts'
import { type ConnectionState, identityOf, type OpenMaster, type OpenMasterFor } from './connectionState.ts'
import { type ChangeReason, FleetChanges } from './fleetChanges.ts'
import { FleetPoller } from './fleetPoller.ts'

/**
 * One master per environment, opened when first needed, then kept. The inventory is refreshed only while there is a
 * {@link watch}: an environment that is not watched costs no requests.
 */
export class Connections implements vscode.Disposable {
  readonly #entries = new Map<string, Entry>()
  readonly #changes = new FleetChanges()
  readonly #open: OpenMasterFor
  readonly #isBusy: (key: string) => boolean
  #isClosed = false
  /** Reports changes of an environment's state and inventory, many at a time. */
  readonly onDidChange = this.#changes.onDidChange

  /** @param isBusy whether the environment with this key has a run in progress: its master is kept until the run is over */
  constructor(open: OpenMasterFor, isBusy: (key: string) => boolean) {
    this.#open = open
    this.#isBusy = isBusy
  }

  state(key: string): ConnectionState {
    return this.#entries.get(key)?.state ?? { kind: 'closed' }
  }

  /** The agents that a request would reach in the environment with this key, by its current inventory; undefined if it is not open. */
  reach(key: string, request: Audience): Reach | undefined {
    const state = this.state(key)
    return state.kind === 'open' ? state.master.reach(request) : undefined
  }

  /** The environment with this key, if it has been opened. */
  used(key: string): DeclaredEnvironment | undefined {
    const entry = this.#entries.get(key)
    return entry?.state.kind === 'closed' ? undefined : entry?.declared
  }

  /** Those that are open now. */
  opened(): { readonly declared: DeclaredEnvironment; readonly master: Master }[] {
    return [...this.#entries.values()].flatMap(({ declared, state }) =>
      state.kind === 'open' ? [{ declared, master: state.master }] : [],
    )
  }

  /** The environment's master; opens it if needed. Counts as an action of the user: an MFA code may be requested. */
  async use(declared: DeclaredEnvironment): Promise<OpenMaster> {
    const entry = this.#entry(declared)
    entry.userActs += 1
    try {
      return await this.#master(entry)
    } finally {
      entry.userActs -= 1
    }
  }

  /**
   * Looks for agents now. Counts as an action of the user.
   * @throws Error that says why the inventory cannot be read
   */
  async refresh(declared: DeclaredEnvironment): Promise<OpenMaster> {
    const entry = this.#entry(declared)
    entry.userActs += 1
    try {
      for (;;) {
        await entry.poller.read()
        const { state } = entry
        if (state.kind === 'failed') throw state.error
        if (state.kind === 'open' && state.trouble !== undefined) throw state.trouble
        if (state.kind === 'open' && state.heard) return state
        // The identity or declaration has changed since: callers that wait for this reading get one with the new one.
        this.#checkOpen()
      }
    } finally {
      entry.userActs -= 1
    }
  }

  /** Keeps the environment's inventory up to date until disposed. There can be several watchers. */
  watch(declared: DeclaredEnvironment): vscode.Disposable {
    const entry = this.#entry(declared)
    const opener = Symbol('needs it open')
    entry.openers.add(opener)
    // The pause of those who only watch what is open does not delay this.
    if (entry.state.kind === 'closed') entry.poller.outdate()
    const stop = entry.poller.watch()
    return new vscode.Disposable(() => {
      entry.openers.delete(opener)
      stop()
    })
  }

  /** The same, while it is open for another reason: this connects to nothing. */
  watchOpen(declared: DeclaredEnvironment): vscode.Disposable {
    return new vscode.Disposable(this.#entry(declared).poller.watch())
  }

  /**
   * Closes the masters for which `isStale` returns true; watchers get new ones. Masters with a run in progress follow when
   * it is over: see {@link closeStale}.
   */
  async reset(isStale: (declared: DeclaredEnvironment) => boolean): Promise<void> {
    for (const entry of this.#entries.values()) entry.isStale ||= isStale(entry.declared)
    await this.closeStale()
  }

  /** Call this when runs are over. */
  async closeStale(): Promise<void> {
    const idle = [...this.#entries.values()].filter(
      ({ isStale, declared }) => isStale && !this.#isBusy(declared.key),
    )
    await Promise.all(idle.map((entry) => this.#close(entry)))
  }

  /** Applies changed declarations: changed environments are reopened, removed ones are closed. */
  async follow(declarations: readonly DeclaredEnvironment[]): Promise<void> {
    const declared = new Map(declarations.map((each) => [each.key, each]))
    for (const entry of [...this.#entries.values()]) {
      const now = declared.get(entry.declared.key)
      const isSame = now !== undefined && identityOf(now) === identityOf(entry.declared)
      if (now !== undefined) entry.declared = now
      entry.isStale ||= !isSame
    }
    await this.closeStale()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const { poller } of this.#entries.values()) poller.end()
    await Promise.all([...this.#entries.values()].map((entry) => this.#close(entry)))
  }

  dispose(): void {
    this.#changes.dispose()
    void this.close()
  }

  #entry(declared: DeclaredEnvironment): Entry {
    const known = this.#entries.get(declared.key)
    if (known !== undefined) return known
    const entry: Entry = {
      declared,
      state: { kind: 'closed' },
      opening: undefined,
      isStale: false,
      userActs: 0,
      openers: new Set(),
      poller: new FleetPoller(async () =>
        mayOpen(entry) ? this.#sweep(entry, await this.#master(entry)) : 0,
      ),
    }
    this.#entries.set(declared.key, entry)
    return entry
  }

  async #master(entry: Entry): Promise<OpenMaster> {
    this.#checkOpen()
    if (entry.state.kind === 'open') return entry.state
    if (entry.opening !== undefined) return entry.opening
    // One that fails in the background again and again keeps saying why.
    if (entry.state.kind !== 'failed' || entry.userActs > 0) this.#set(entry, { kind: 'opening' })
    const opening = this.#open(entry.declared, () => entry.userActs > 0).then(
      async (opened) => {
        if (entry.opening !== opening) {
          // The identity or declaration has changed since: callers that wait for this one get the new one, whatever becomes of this.
          await shut(opened).catch(warnOfBug)
          return this.#master(entry)
        }
        opened.master.inventory.onChange(() => this.#changes.note(entry.declared.key, 'agents'))
        this.#set(entry, { kind: 'open', ...opened, heard: false, trouble: undefined, unreadable: [] })
        return opened
      },
      (error: Error) => {
        if (entry.opening === opening) {
          entry.opening = undefined
          this.#set(entry, { kind: 'failed', error })
        }
        throw error
      },
    )
    entry.opening = opening
    return opening
  }

  /** Resolves to what of its time it only waited, milliseconds. */
  async #sweep(entry: Entry, opened: OpenMaster): Promise<number> {
    let trouble: Error | undefined
    let unreadable: Sweep['unreadable'] = []
    let waitedMs = 0
    try {
      ;({ unreadable, waitedMs } = await opened.master.refresh())
    } catch (error) {
      trouble = error as Error
    }
    const { state } = entry
    if (state.kind !== 'open' || state.master !== opened.master) return waitedMs
    const heard = state.heard || trouble === undefined
    const isNews = heard !== state.heard || trouble?.message !== state.trouble?.message
    this.#set(entry, { ...state, heard, trouble, unreadable }, isNews ? 'connection' : 'look')
    return waitedMs
  }

  async #close(entry: Entry): Promise<void> {
    const { state } = entry
    entry.opening = undefined
    entry.isStale = false
    this.#set(entry, { kind: 'closed' })
    entry.poller.outdate()
    if (state.kind === 'open') await shut(state)
  }

  #set(entry: Entry, state: ConnectionState, reason: ChangeReason = 'connection'): void {
    entry.state = state
    this.#changes.note(entry.declared.key, reason)
  }

  #checkOpen(): void {
    if (this.#isClosed)
      throw new Error(vscode.l10n.t('The environments were closed because the extension stopped.'))
  }
}

/** Whether anything but a look at what is open needs it. */
function mayOpen({ state, opening, openers, userActs }: Entry): boolean {
  return state.kind === 'open' || opening !== undefined || openers.size > 0 || userActs > 0
}

async function shut({ master, queues }: OpenMaster): Promise<void> {
  await master.close().finally(() => queues.close())
}

interface Entry {
  declared: DeclaredEnvironment
  state: ConnectionState
  opening: Promise<OpenMaster> | undefined
  /** The identity or declaration has changed since it was opened. */
  isStale: boolean
  /** Actions of the user in progress that need this environment. */
  userActs: number
  /** Watchers that need it open. */
  readonly openers: Set<symbol>
  readonly poller: FleetPoller
}
