import type { FromPage, PageState } from '../src/page/fromPage.ts'
import type { ToPage } from '../src/page/toPage.ts'
import type { AgentState } from '../src/protocol/verdict.ts'
import { AgentsPane } from './agentsPane.ts'
import { Announcer } from './announcer.ts'
import { Comparison } from './comparison.ts'
import { DetailPane } from './detailPane.ts'
import { GroupsPane } from './groupsPane.ts'
import { Header } from './header.ts'
import { MatchNavigator } from './matchNavigator.ts'
import { measureMetrics } from './metrics.ts'
import { ProgressPane } from './progressPane.ts'
import { RunModel } from './runModel.ts'
import { SearchBar } from './searchBar.ts'
import { isSame, type Selected } from './selected.ts'
import { Splitter } from './splitter.ts'
import { element, show } from './ui/dom.ts'
import { type TextFieldControl, textField } from './ui/toolkit.ts'
import { stateOrder } from './verdictWords.ts'
import { t } from './words.ts'

/** What the page needs of the editor. */
export interface Host {
  post(request: FromPage): void
  state(): PageState | undefined
  keep(state: PageState): void
}

/** Rows in sight are told to the host after this long without scrolling, milliseconds. */
const sightMs = 80
/** A reply is opened after this long on a row that was moved to, milliseconds. */
const moveMs = 60
const keepMs = 250

/** The results page: takes the host's messages in at once, and shows what they amount to once a frame. */
export class Page {
  readonly #host: Host
  readonly #model = new RunModel()
  readonly #metrics = measureMetrics()
  readonly #header: Header
  readonly #progress: ProgressPane
  readonly #search: SearchBar
  readonly #hostField: TextFieldControl
  readonly #groups: GroupsPane
  readonly #agents: AgentsPane
  readonly #detail: DetailPane
  readonly #comparison: Comparison
  readonly #matches: MatchNavigator
  readonly #splitter: Splitter
  readonly #announcer: Announcer
  readonly #root = element('div', { class: 'page' })
  readonly #message = element('div', { class: 'not-kept', role: 'alert', hidden: true })
  readonly #timers = new Map<string, number>()
  #frame: number | undefined
  #restoring: PageState | undefined
  #inSight = ''

  constructor(host: Host) {
    this.#host = host
    const model = this.#model
    const ask = (request: FromPage) => host.post(request)
    this.#header = new Header(model, ask)
    this.#progress = new ProgressPane(model, () => this.#narrowed())
    this.#search = new SearchBar(model, ask, {
      hits: () => this.#narrowed(),
      move: (direction) => this.#matches.go(direction),
      leave: () => this.#agents.grid.focus(),
    })
    this.#hostField = textField({
      label: t('Filter hosts'),
      placeholder: t('Filter hosts'),
      icon: 'filter',
      onInput: (hostText) => {
        model.narrow({ hostText: hostText.trim() })
        this.#narrowed()
      },
    })
    const fold = () => {
      this.#showSoon()
      this.#keepSoon()
    }
    this.#groups = new GroupsPane(model, this.#metrics, {
      open: (group) => this.#choose({ group: group.id }),
      move: (group) => this.#movedTo({ group: group.id }),
      fold,
    })
    this.#agents = new AgentsPane(model, this.#metrics, {
      open: (agent) => this.#choose({ agent: agent.id }),
      move: (agent) => this.#movedTo({ agent: agent.id }),
      range: (first, last) => this.#sees(first, last),
      fold,
      sort: fold,
    })
    this.#agents.section.side.append(this.#hostField.element)
    this.#detail = new DetailPane(model, this.#metrics, ask, {
      close: () => this.#close(),
      wrap: () => this.#keepSoon(),
      compare: (of, name) => this.#compare(of, name),
    })
    this.#matches = new MatchNavigator(model, this.#detail, (selected) => this.#open(selected))
    this.#comparison = new Comparison(ask, () => this.#endComparison())
    const lists = element(
      'div',
      { class: 'lists' },
      this.#comparison.element,
      this.#search.element,
      this.#groups.section.element,
      this.#agents.section.element,
    )
    this.#splitter = new Splitter(lists, this.#detail.element, () => {
      this.#detail.output.resized()
      this.#showSoon()
      this.#keepSoon()
    })
    this.#announcer = new Announcer(model)
    this.#root.append(
      this.#header.element,
      this.#progress.element,
      this.#splitter.element,
      this.#announcer.element,
    )
    show(this.#root, false)
    window.setInterval(() => this.#header.tick(), 1000)
    document.addEventListener('keydown', (event) => this.#onKey(event))
  }

  /** Puts the page into `into`, and asks the host for its run. */
  start(into: HTMLElement): void {
    into.append(this.#root, this.#message)
    this.#restoring = this.#host.state()
    this.#groups.grid.mount()
    this.#agents.grid.mount()
    this.#detail.output.mount()
    for (const pane of [this.#groups.grid.element, this.#agents.grid.element])
      pane.firstElementChild?.addEventListener('scroll', () => this.#keepSoon(), { passive: true })
    this.#host.post({ type: 'ready' })
  }

  take(message: ToPage): void {
    switch (message.type) {
      case 'snapshot':
        this.#model.take(message)
        show(this.#root, true)
        show(this.#message, false)
        this.#resume()
        this.#showSoon()
        break
      case 'delta':
        if (!this.#model.take(message)) this.#host.post({ type: 'ready' })
        else this.#showSoon()
        break
      case 'output':
        this.#detail.output.take(message)
        break
      case 'search':
        this.#search.take(message)
        break
      case 'found':
        if (!this.#detail.output.takeFound(message)) this.#matches.goOn()
        break
      case 'not-kept':
        show(this.#root, false)
        show(this.#message, true)
        this.#message.replaceChildren(element('p', {}, message.reason))
    }
  }

  /** Brings back what the user had before a reload, or what the host forgot while the page was hidden. */
  #resume(): void {
    const state = this.#restoring
    this.#restoring = undefined
    // A reload must find the run, also when the user has touched nothing yet.
    if (state === undefined) this.#keep()
    if (state === undefined || state.runId !== this.#model.run?.runId) {
      this.#detail.output.reopen()
      this.#search.repeat()
      if (this.#model.total === 1) this.#openOnly()
      return
    }
    const states = new Set((state.states ?? []).filter(isState))
    const hostText = state.hostText ?? ''
    this.#hostField.set(hostText)
    this.#model.narrow({ states, hostText })
    if (state.sort !== undefined) this.#model.sortBy(state.sort)
    for (const pane of [this.#groups, this.#agents])
      pane.section.fold(state.collapsed?.includes(pane === this.#groups ? 'groups' : 'agents') ?? false)
    if (state.split !== undefined) this.#splitter.set(state.split)
    if (state.wrap === true) this.#detail.wrap(true)
    if (state.query !== undefined && state.query.text !== '') this.#search.set(state.query)
    this.#render()
    this.#groups.grid.scrollTop = state.scroll?.groups ?? 0
    this.#agents.grid.scrollTop = state.scroll?.agents ?? 0
    const { selected } = state
    if (selected === undefined) return
    const group = 'groupOf' in selected ? this.#model.row(selected.groupOf)?.group : undefined
    if ('agent' in selected) this.#open(selected, state.scroll?.output)
    else if (group !== undefined) this.#open({ group }, state.scroll?.output)
  }

  /** With one agent there is one thing to see. */
  #openOnly(): void {
    const [only] = this.#model.rows()
    if (only !== undefined && this.#detail.selected === undefined) this.#open({ agent: only.id })
  }

  #narrowed(): void {
    this.#showSoon()
    this.#keepSoon()
  }

  #showSoon(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined
      this.#render()
    })
  }

  #render(): void {
    this.#header.render()
    this.#progress.render()
    this.#groups.render()
    this.#agents.render()
    this.#groups.section.content.style.height = `${this.#groups.wantedHeight}px`
    if (!this.#detail.render()) this.#close()
    this.#announcer.render(performance.now())
  }

  /** A row of a list was chosen. */
  #choose(selected: Selected): void {
    if (!this.#comparison.take(selected)) this.#open(selected)
  }

  /** The lists stay as they are, and the next choice in them is what to compare with. */
  #compare(of: Selected, name: string): void {
    this.#comparison.start(of, name)
    this.#listOf(of).focus()
  }

  #endComparison(): void {
    this.#comparison.end()
    this.#detail.output.focus()
  }

  #listOf(selected: Selected): Pick<GroupsPane['grid'], 'focus'> {
    return 'group' in selected ? this.#groups.grid : this.#agents.grid
  }

  #open(selected: Selected, scrollTop = 0): void {
    this.#clear('move')
    if (isSame(this.#detail.selected, selected) && scrollTop === 0) {
      this.#detail.output.focus()
      return
    }
    this.#splitter.split(true)
    this.#detail.select(selected, scrollTop)
    this.#groups.grid.select('group' in selected ? String(selected.group) : undefined)
    this.#agents.grid.select('agent' in selected ? selected.agent : undefined)
    this.#keepSoon()
  }

  /** While a reply is open, moving through a list turns the pages. */
  #movedTo(selected: Selected): void {
    if (this.#detail.selected === undefined || this.#comparison.isAsking) return
    this.#after('move', moveMs, () => this.#open(selected))
  }

  #close(): void {
    const { selected } = this.#detail
    this.#comparison.end()
    this.#detail.select(undefined)
    this.#splitter.split(false)
    this.#groups.grid.select(undefined)
    this.#agents.grid.select(undefined)
    if (selected !== undefined) this.#listOf(selected).focus()
    this.#keepSoon()
  }

  /** The host reads last lines only for the rows in sight. */
  #sees(first: number, last: number): void {
    this.#after('sight', sightMs, () => {
      const agents = this.#agents.grid.items.slice(first, Math.min(last + 1, first + 200)).map(({ id }) => id)
      const key = agents.join(' ')
      if (key === this.#inSight) return
      this.#inSight = key
      this.#host.post({ type: 'in-sight', agents })
    })
  }

  #onKey(event: KeyboardEvent): void {
    const command = event.ctrlKey || event.metaKey
    if (command && event.key.toLowerCase() === 'f') this.#search.focus()
    else if (event.key === 'F3') this.#matches.go(event.shiftKey ? -1 : 1)
    else if (event.key === 'Escape' && this.#comparison.isAsking) this.#endComparison()
    else if (event.key === 'Escape' && this.#detail.selected !== undefined) this.#close()
    else return
    event.preventDefault()
  }

  #keepSoon(): void {
    if (this.#restoring === undefined) this.#after('keep', keepMs, () => this.#keep())
  }

  #keep(): void {
    const runId = this.#model.run?.runId
    if (runId === undefined) return
    const { states, hostText } = this.#model.narrowing
    const { selected } = this.#detail
    const collapsed: ('groups' | 'agents')[] = []
    if (this.#groups.section.isFolded) collapsed.push('groups')
    if (this.#agents.section.isFolded) collapsed.push('agents')
    this.#host.keep({
      v: 1,
      runId,
      ...this.#kept(selected),
      states: [...states],
      hostText,
      query: this.#search.query,
      sort: this.#model.sort,
      collapsed,
      scroll: {
        groups: this.#groups.grid.scrollTop,
        agents: this.#agents.grid.scrollTop,
        output: this.#detail.output.scrollTop,
      },
      wrap: this.#detail.wraps,
      split: this.#splitter.percent,
    })
  }

  #kept(selected: Selected | undefined): Pick<PageState, 'selected'> {
    if (selected === undefined) return {}
    if ('agent' in selected) return { selected }
    for (const { id, group } of this.#model.rows())
      if (group === selected.group) return { selected: { groupOf: id } }
    return {}
  }

  #after(name: string, ms: number, act: () => void): void {
    this.#clear(name)
    this.#timers.set(name, window.setTimeout(act, ms))
  }

  #clear(name: string): void {
    window.clearTimeout(this.#timers.get(name))
  }
}

function isState(state: string): state is AgentState {
  return (stateOrder as readonly string[]).includes(state)
}
