import * as vscode from 'vscode'
import { warnOfBug } from '../../async/contained.ts'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import type { Sweep } from '../../master/fleet/factsSweep.ts'
import type { Audience, Reach } from '../../master/fleet/reach.ts'
import type { Master } from '../../master/master.ts'
import type { Queues } from '../../queues/queues.ts'
import { type ChangeReason, FleetChanges } from './fleetChanges.ts'
import { FleetPoller } from './fleetPoller.ts'

/** A master with the queues that it uses. */
export interface OpenMaster {
  readonly master: Master
  readonly queues: Queues
}

/** How an environment stands with us. */
export type ConnectionState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'opening' }
  /** `heard`: the inventory was read at least once. `trouble`: why the last reading failed. */
  | (OpenMaster & {
      readonly kind: 'open'
      readonly heard: boolean
      readonly trouble: Error | undefined
      /** Messages of the last reading that are no facts. */
      readonly unreadable: Sweep['unreadable']
    })
  | { readonly kind: 'failed'; readonly error: Error }

/** Makes a master. `isUserAct` says whether a person is waiting, who may be asked for an MFA code. */
export type OpenMasterFor = (declared: DeclaredEnvironment, isUserAct: () => boolean) => Promise<OpenMaster>

/**
 * One master per environment, opened when it is first needed and kept. The inventory is only kept fresh while somebody
 * holds a {@link watch}: an environment at which nobody looks costs no request.
 */
export class Connections implements vscode.Disposable {
  readonly #entries = new Map<string, Entry>()
  readonly #changes = new FleetChanges()
  readonly #open: OpenMasterFor
  readonly #isBusy: (key: string) => boolean
  #isClosed = false
  /** Tells of many changes of an environment's state and inventory at once. */
  readonly onDidChange = this.#changes.onDidChange

  /** @param isBusy whether a run of the environment with this key is under way: its master is left alone until then */
  constructor(open: OpenMasterFor, isBusy: (key: string) => boolean) {
    this.#open = open
    this.#isBusy = isBusy
  }

  state(key: string): ConnectionState {
    return this.#entries.get(key)?.state ?? { kind: 'closed' }
  }

  /** Whom a request would hit in the environment with this key, as its inventory stands; undefined when it is not open. */
  reach(key: string, request: Audience): Reach | undefined {
    const state = this.state(key)
    return state.kind === 'open' ? state.master.reach(request) : undefined
  }

  /** The environment with this key, once somebody has turned to it. */
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

  /** The environment's master; opens it where needed. Counts as an act of the user: MFA may be asked for. */
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
   * Reads who is there, now. Counts as an act of the user.
   * @throws Error that says why it cannot be read
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
        // Another identity or declaration holds since: who waits for this reading gets one of that.
        this.#checkOpen()
      }
    } finally {
      entry.userActs -= 1
    }
  }

  /** Keeps the environment's inventory fresh until disposed. Many may watch at a time. */
  watch(declared: DeclaredEnvironment): vscode.Disposable {
    return new vscode.Disposable(this.#entry(declared).poller.watch())
  }

  /**
   * Drops the masters for which `isStale` holds; whoever watches gets new ones. Those with a run under way follow when
   * it is over: see {@link closeStale}.
   */
  async reset(isStale: (declared: DeclaredEnvironment) => boolean): Promise<void> {
    for (const entry of this.#entries.values()) entry.isStale ||= isStale(entry.declared)
    await this.closeStale()
  }

  /** To be called when runs are over. */
  async closeStale(): Promise<void> {
    const idle = [...this.#entries.values()].filter(
      ({ isStale, declared }) => isStale && !this.#isBusy(declared.key),
    )
    await Promise.all(idle.map((entry) => this.#close(entry)))
  }

  /** Takes over what the declarations now say: changed environments are opened anew, vanished ones are closed. */
  async follow(declarations: readonly DeclaredEnvironment[]): Promise<void> {
    const declared = new Map(declarations.map((each) => [each.key, each]))
    for (const entry of [...this.#entries.values()]) {
      const now = declared.get(entry.declared.key)
      const isSame = JSON.stringify(now?.environment) === JSON.stringify(entry.declared.environment)
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
      poller: new FleetPoller(async () => this.#sweep(entry, await this.#master(entry))),
    }
    this.#entries.set(declared.key, entry)
    return entry
  }

  async #master(entry: Entry): Promise<OpenMaster> {
    this.#checkOpen()
    if (entry.state.kind === 'open') return entry.state
    if (entry.opening !== undefined) return entry.opening
    this.#set(entry, { kind: 'opening' })
    const opening = this.#open(entry.declared, () => entry.userActs > 0).then(
      async (opened) => {
        if (entry.opening !== opening) {
          // Another identity or declaration holds since: who waits for this one gets that, however this one ends.
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

  async #sweep(entry: Entry, opened: OpenMaster): Promise<void> {
    let trouble: Error | undefined
    let unreadable: Sweep['unreadable'] = []
    try {
      unreadable = (await opened.master.refresh()).unreadable
    } catch (error) {
      trouble = error as Error
    }
    const { state } = entry
    if (state.kind !== 'open' || state.master !== opened.master) return
    const heard = state.heard || trouble === undefined
    const isNews = heard !== state.heard || trouble?.message !== state.trouble?.message
    this.#set(entry, { ...state, heard, trouble, unreadable }, isNews ? 'connection' : 'look')
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

async function shut({ master, queues }: OpenMaster): Promise<void> {
  await master.close().finally(() => queues.close())
}

interface Entry {
  declared: DeclaredEnvironment
  state: ConnectionState
  opening: Promise<OpenMaster> | undefined
  /** Another identity or declaration holds by now. */
  isStale: boolean
  /** Acts of the user under way that need this environment. */
  userActs: number
  readonly poller: FleetPoller
}
