import type { PageState } from '../src/page/fromPage.ts'
import { Delay } from './delay.ts'
import type { DetailPane } from './detailPane.ts'
import type { Lists } from './lists.ts'
import type { RunModel } from './runModel.ts'
import type { SearchBar } from './searchBar.ts'
import type { Selected } from './selected.ts'
import type { Splitter } from './splitter.ts'

/** The state is saved after this long without a change, milliseconds. */
const keepMs = 250

/** Where the editor keeps the state across a reload. */
export interface StateKeeper {
  state(): PageState | undefined
  keep(state: PageState): void
}

/** The parts of the page that have state to keep. */
export interface Keepable {
  readonly lists: Lists
  readonly search: Pick<SearchBar, 'query' | 'set'>
  readonly detail: DetailPane
  readonly splitter: Pick<Splitter, 'percent' | 'set'>
}

/** Restores the state of the page after a reload. */
export class KeptState {
  readonly #keeper: StateKeeper
  readonly #model: RunModel
  readonly #parts: Keepable
  readonly #soon = new Delay(keepMs)
  #before: PageState | undefined

  constructor(keeper: StateKeeper, model: RunModel, parts: Keepable) {
    this.#keeper = keeper
    this.#model = model
    this.#parts = parts
  }

  /** Reads the saved state. Before {@link restore} nothing is saved that would replace it. */
  read(): void {
    this.#before = this.#keeper.state()
  }

  keepSoon(): void {
    if (this.#before === undefined) this.#soon.start(() => this.#keep())
  }

  /**
   * Restores the saved state of this run, once.
   * @returns false when there was none
   */
  restore({ render, open }: { render(): void; open(row: Selected, scrollTop?: number): void }): boolean {
    const state = this.#before
    this.#before = undefined
    // A reload must find the run even if the user has not changed anything yet.
    if (state === undefined) this.#keep()
    if (state === undefined || state.runId !== this.#model.run?.runId) return false
    const { lists, search, detail, splitter } = this.#parts
    lists.restore(state)
    if (state.split !== undefined) splitter.set(state.split)
    if (state.wrap === true) detail.wrap.set(true)
    if (state.formatted === true) detail.format.set(true)
    if (state.query !== undefined && state.query.text !== '') search.set(state.query)
    render()
    lists.scrollTo(state.scroll)
    const row = this.#rowOf(state.selected)
    if (row !== undefined) open(row, state.scroll?.output)
    return true
  }

  #keep(): void {
    const runId = this.#model.run?.runId
    if (runId === undefined) return
    const { lists, search, detail, splitter } = this.#parts
    this.#keeper.keep({
      v: 1,
      runId,
      ...this.#selected(detail.selected),
      ...lists.kept,
      query: search.query,
      scroll: { ...lists.scrolled, output: detail.output.scrollTop },
      wrap: detail.wrap.isOn,
      formatted: detail.format.isOn,
      split: splitter.percent,
    })
  }

  /** Groups have other numbers after a reload, so a group is identified by a member. */
  #selected(row: Selected | undefined): Pick<PageState, 'selected'> {
    if (row === undefined) return {}
    if ('agent' in row) return { selected: row }
    for (const { id, group } of this.#model.rows())
      if (group === row.group) return { selected: { groupOf: id } }
    return {}
  }

  #rowOf(selected: PageState['selected']): Selected | undefined {
    if (selected === undefined || 'agent' in selected) return selected
    const group = this.#model.row(selected.groupOf)?.group
    return group === undefined ? undefined : { group }
  }
}
