import type { DetailPane } from './detailPane.ts'
import type { RunModel } from './runModel.ts'
import { isSame, type Selected } from './selected.ts'

/** Moves from match to match of the search: through the open output, then through the next output with a match. */
export class MatchNavigator {
  readonly #model: RunModel
  readonly #detail: DetailPane
  readonly #open: (selected: Selected) => void
  #direction: 1 | -1 = 1

  constructor(model: RunModel, detail: DetailPane, open: (selected: Selected) => void) {
    this.#model = model
    this.#detail = detail
    this.#open = open
  }

  go(direction: 1 | -1): void {
    if (this.#model.hits.size === 0) return
    this.#direction = direction
    const { selected, output } = this.#detail
    if (selected === undefined || this.#hitsOf(selected) === 0) this.goOn()
    else output.find(direction)
  }

  /** The open output has no further match: continue with the next, among groups if one is open or nothing is, otherwise among agents. */
  goOn(): void {
    const direction = this.#direction
    const { selected, output } = this.#detail
    const groups = this.#model.shownGroups()
    const byAgent = selected === undefined ? groups.length === 0 : 'agent' in selected
    const all: Selected[] = byAgent
      ? this.#model.shown().map(({ id }) => ({ agent: id }))
      : groups.map(({ id }) => ({ group: id }))
    const at = all.findIndex((one) => isSame(one, selected))
    const next = all[(at + direction + all.length) % all.length]
    if (next === undefined) return
    if (!isSame(next, selected)) this.#open(next)
    output.find(direction, direction === 1 ? 'start' : 'end')
  }

  #hitsOf(selected: Selected): number {
    return 'group' in selected
      ? this.#model.groupHits(selected.group)
      : (this.#model.hits.get(selected.agent) ?? 0)
  }
}
