import { columnText, readColumn } from '../src/answers/column.ts'
import { type AnswersView, isOfTable, readSort, sortText } from '../src/answers/view.ts'
import type { FromPage, PageState } from '../src/page/fromPage.ts'
import type { AgentState } from '../src/protocol/verdict.ts'
import { AgentsPane } from './agentsPane.ts'
import { GroupsPane } from './groupsPane.ts'
import type { Metrics } from './metrics.ts'
import { RowsInSight } from './rowsInSight.ts'
import type { RunModel } from './runModel.ts'
import type { Selected } from './selected.ts'
import { TablePane } from './tablePane.ts'
import { element } from './ui/dom.ts'
import { type TextFieldControl, textField } from './ui/toolkit.ts'
import { stateOrder } from './verdictWords.ts'
import { t } from './words.ts'

/** Of the search and of the bar of a section, as in the styles, pixels. */
const [searchHeight, barHeight] = [38, 34]

/** Actions of the user in the lists. */
export interface ListsEvents {
  /** Chose a row. */
  open(row: Selected): void
  /** Moved to a row. */
  move(row: Selected): void
  /** Changed what is shown, or its order. */
  change(): void
  scroll(): void
}

/** The lists of groups and agents, and which of their rows are shown. */
export class Lists {
  readonly element: HTMLElement
  readonly #model: RunModel
  readonly #ask: (request: FromPage) => void
  readonly #groups: GroupsPane
  readonly #agents: AgentsPane
  /** The values of all replies. */
  readonly table: TablePane
  readonly #hostField: TextFieldControl
  readonly #inSight: RowsInSight
  /** Pixels. */
  #height = 0
  readonly #on: ListsEvents
  #groupBy: PageState['groupBy']
  /** A person has folded or unfolded something: from then on nothing does so by itself. */
  #isTouched = false

  /** @param above shown above the lists */
  constructor(
    model: RunModel,
    metrics: Metrics,
    ask: (request: FromPage) => void,
    on: ListsEvents,
    above: readonly HTMLElement[],
  ) {
    this.#model = model
    this.#ask = ask
    this.#inSight = new RowsInSight(ask)
    this.#hostField = textField({
      label: t('Filter hosts'),
      placeholder: t('Filter hosts'),
      icon: 'filter',
      onInput: (hostText) => {
        model.narrow({ hostText: hostText.trim() })
        on.change()
      },
    })
    this.#on = on
    const touched = () => {
      this.#isTouched = true
      on.change()
    }
    this.#groups = new GroupsPane(model, metrics, {
      open: (group) => on.open({ group: group.id }),
      move: (group) => on.move({ group: group.id }),
      fold: touched,
      groupBy: (by) => this.groupBy(by),
      pick: (what) => ask({ type: 'pick', what, use: 'group' }),
      saveView: () => this.#saveView(),
    })
    this.#agents = new AgentsPane(model, metrics, {
      open: (agent) => on.open({ agent: agent.id }),
      move: (agent) => on.move({ agent: agent.id }),
      range: (first, last) => this.#inSight.see(this.#agents.grid.items, first, last),
      fold: on.change,
      sort: on.change,
    })
    this.table = new TablePane(model, metrics, ask, {
      open: (agent) => on.open({ agent }),
      saveView: () => this.#saveView(),
      fold: touched,
      change: on.change,
    })
    this.#agents.section.side.append(this.#hostField.element)
    const sections = [this.#groups.section.element, this.table.section.element, this.#agents.section.element]
    this.element = element('div', { class: 'lists' }, ...above, ...sections)
    new ResizeObserver(([entry]) => {
      this.#height = entry?.contentRect.height ?? 0
      on.change()
    }).observe(this.element)
    // Scroll events do not bubble.
    this.element.addEventListener('scroll', on.scroll, { passive: true, capture: true })
  }

  mount(): void {
    this.#groups.grid.mount()
    this.#agents.grid.mount()
  }

  /** Undefined: by the level that says most. */
  groupBy(by: string | undefined): void {
    this.#groupBy = by
    this.#ask({ type: 'group-by', ...(by === undefined ? {} : { by }) })
    this.#on.change()
  }

  render(): void {
    this.#lead()
    this.#groups.fit(this.#roomForGroups())
    this.#groups.render()
    this.#agents.render()
    this.table.render()
    this.#groups.section.wants(this.#groups.wantedHeight)
    this.#agents.section.wants(this.#agents.wantedHeight)
  }

  /** As the run wants to be shown. */
  show(view: AnswersView): void {
    const { group, rows, columns, sort } = view
    if (group !== undefined) this.groupBy(group)
    if (!isOfTable(view)) return
    this.#isTouched = true
    this.table.restore({
      ...(rows === undefined ? {} : { rows }),
      ...(columns === undefined ? {} : { columns: columns.map((text) => columnText(readColumn(text))) }),
      ...(sort === undefined ? {} : { sort: readSort(sort) }),
    })
    this.#groups.section.fold(true)
    this.table.fold(false)
    this.#on.change()
  }

  #saveView(): void {
    this.#ask({ type: 'save-view', view: this.#view })
  }

  /** What is shown now. */
  get #view(): Extract<FromPage, { type: 'save-view' }>['view'] {
    const { rows, columns, sort } = this.table.kept ?? {}
    return {
      ...(this.#groupBy === undefined ? {} : { group: this.#groupBy }),
      ...(rows === undefined ? {} : { rows }),
      ...(columns === undefined ? {} : { columns }),
      ...(sort === undefined ? {} : { sort: sortText(sort) }),
    }
  }

  /** What the other sections leave, pixels. Agents get all that they need, or as much as the styles give them. */
  #roomForGroups(): number {
    const bars = [this.#groups, this.table, this.#agents].filter(({ section }) => !section.element.hidden)
    const height = this.#height - searchHeight - bars.length * barHeight
    const agents = this.#agents.section.isFolded ? 0 : Math.min(this.#agents.wantedHeight, height * 0.42)
    return this.table.section.isFolded ? height - agents : 0
  }

  /** Opens what answers the question. */
  #lead(): void {
    if (this.#isTouched) return
    const isTable = this.#model.groups.leads === 'table'
    this.#groups.section.fold(isTable)
    this.table.fold(!isTable)
  }

  /** Marks the open row; none without one. */
  select(row: Selected | undefined): void {
    this.#groups.grid.select(row !== undefined && 'group' in row ? String(row.group) : undefined)
    this.#agents.grid.select(row !== undefined && 'agent' in row ? row.agent : undefined)
  }

  /** Moves the focus to the list that holds such rows. */
  focus(row?: Selected): void {
    const { grid } = row !== undefined && 'group' in row ? this.#groups : this.#agents
    grid.focus()
  }

  /** Moves the focus to the first list that has rows. */
  focusRows(): void {
    this.#listWithFocus?.focus()
  }

  /** Moves to the next row, or the one before, of the list that has the focus; of the first with rows if none has. */
  step(direction: 1 | -1): void {
    this.#listWithFocus?.step(direction)
  }

  get #listWithFocus() {
    const lists = [this.#groups, this.table, this.#agents]
    const grids = lists.flatMap(({ grid, section }) =>
      section.isFolded || !grid?.items.length ? [] : [grid],
    )
    return grids.find(({ element }) => element === document.activeElement) ?? grids[0]
  }

  /** Asks the host again for what it forgets with a snapshot. */
  reopen(): void {
    this.#inSight.forget()
    this.table.reopen()
  }

  /** The state of the lists that survives a reload. */
  get kept(): Required<Pick<PageState, 'states' | 'hostText' | 'sort' | 'collapsed'>> &
    Pick<PageState, 'groupBy' | 'table'> {
    const { states, hostText } = this.#model.narrowing
    const collapsed: ('groups' | 'table' | 'agents')[] = []
    if (this.#groups.section.isFolded) collapsed.push('groups')
    if (this.table.section.isFolded) collapsed.push('table')
    if (this.#agents.section.isFolded) collapsed.push('agents')
    const table = this.table.kept === undefined ? {} : { table: this.table.kept }
    const groupBy = this.#groupBy === undefined ? {} : { groupBy: this.#groupBy }
    return { states: [...states], hostText, sort: this.#model.sort, collapsed, ...groupBy, ...table }
  }

  restore({ states = [], hostText = '', sort, collapsed = ['table'], groupBy, table }: PageState): void {
    this.#isTouched = true
    this.#groupBy = groupBy
    if (groupBy !== undefined) this.#ask({ type: 'group-by', by: groupBy })
    this.#hostField.set(hostText)
    this.#model.narrow({ states: new Set(states.filter(isState)), hostText })
    if (sort !== undefined) this.#model.sortBy(sort)
    this.#groups.section.fold(collapsed.includes('groups'))
    this.table.restore(table)
    this.table.section.fold(collapsed.includes('table'))
    this.#agents.section.fold(collapsed.includes('agents'))
  }

  /** Pixels. */
  get scrolled(): { readonly groups: number; readonly agents: number } {
    return { groups: this.#groups.grid.scrollTop, agents: this.#agents.grid.scrollTop }
  }

  scrollTo({ groups = 0, agents = 0 }: Partial<Lists['scrolled']> = {}): void {
    this.#groups.grid.scrollTop = groups
    this.#agents.grid.scrollTop = agents
  }
}

function isState(state: string): state is AgentState {
  return (stateOrder as readonly string[]).includes(state)
}
