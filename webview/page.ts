import type { FromPage } from '../src/page/fromPage.ts'
import type { ToPage } from '../src/page/toPage.ts'
import { Announcer } from './announcer.ts'
import { AttemptPane } from './attemptPane.ts'
import { Banner } from './banner.ts'
import { Comparison } from './comparison.ts'
import { DetailPane } from './detailPane.ts'
import { Header } from './header.ts'
import { KeptState, type StateKeeper } from './keptState.ts'
import { Lists, type ListsEvents } from './lists.ts'
import { MatchNavigator } from './matchNavigator.ts'
import { measureMetrics } from './metrics.ts'
import { OnlyThese } from './onlyThese.ts'
import { ProgressPane } from './progressPane.ts'
import { ReplyOpener } from './replyOpener.ts'
import { RolloutPane } from './rolloutPane.ts'
import { RunModel } from './runModel.ts'
import { SearchBar } from './searchBar.ts'
import { Shortcuts } from './shortcuts.ts'
import { Splitter } from './splitter.ts'
import { element, setAttributes, show } from './ui/dom.ts'

/** What the page needs from the editor. */
export interface Host extends StateKeeper {
  post(request: FromPage): void
}

/** The results page: processes messages of the host at once, and updates its display once per frame. */
export class Page {
  readonly #host: Host
  readonly #model = new RunModel()
  readonly #header: Header
  readonly #banner: Banner
  readonly #rollout: RolloutPane
  readonly #progress: ProgressPane
  readonly #search: SearchBar
  readonly #lists: Lists
  readonly #only: OnlyThese
  readonly #detail: DetailPane
  readonly #opener: ReplyOpener
  readonly #matches: MatchNavigator
  readonly #kept: KeptState
  readonly #announcer: Announcer
  readonly #root: HTMLElement
  readonly #attempt: AttemptPane
  readonly #shortcuts: Shortcuts
  readonly #message = element('div', { class: 'not-kept', role: 'alert', hidden: true })
  #frame: number | undefined
  #isOpened = false
  /** From the first reply on that is opened, none opens by itself. */
  #hasOpened = false

  constructor(host: Host) {
    this.#host = host
    const model = this.#model
    const metrics = measureMetrics()
    const ask = (request: FromPage) => host.post(request)
    const keepSoon = () => this.#kept.keepSoon()
    const changed = () => {
      this.#showSoon()
      keepSoon()
    }
    this.#header = new Header(model, ask)
    this.#banner = new Banner(model, ask)
    this.#rollout = new RolloutPane(model, ask)
    this.#progress = new ProgressPane(model, changed)
    this.#search = new SearchBar(model, ask, {
      hits: changed,
      move: (direction) => this.#matches.go(direction),
      leave: () => this.#lists.focus(),
    })
    const comparison = new Comparison(ask, () => this.#opener.endComparison())
    const on: ListsEvents = {
      open: (row) => {
        this.#hasOpened = true
        this.#opener.choose(row)
      },
      move: (row) => this.#opener.movedTo(row),
      change: changed,
      scroll: keepSoon,
    }
    this.#only = new OnlyThese(model, changed)
    const above = [comparison.element, this.#only.element, this.#search.element]
    this.#lists = new Lists(model, metrics, ask, on, above)
    this.#detail = new DetailPane(model, metrics, ask, {
      close: () => this.#opener.close(),
      toggle: keepSoon,
      compare: (of, name) => this.#opener.compare(of, name),
    })
    const splitter = new Splitter(this.#lists.element, this.#detail.element, () => {
      this.#detail.output.resized()
      changed()
    })
    const parts = { lists: this.#lists, search: this.#search, detail: this.#detail, splitter, comparison }
    this.#opener = new ReplyOpener(parts, keepSoon)
    this.#kept = new KeptState(host, model, parts)
    this.#matches = new MatchNavigator(model, this.#detail, (row) => this.#opener.open(row))
    this.#announcer = new Announcer(model)
    this.#root = element(
      'div',
      { class: 'page', hidden: true },
      this.#header.element,
      this.#banner.element,
      this.#rollout.element,
      this.#progress.element,
      splitter.element,
      this.#announcer.element,
    )
    window.setInterval(() => this.#tick(), 1000)
    this.#attempt = new AttemptPane(ask)
    this.#shortcuts = new Shortcuts({
      search: () => this.#search.focus(),
      move: (direction) => this.#lists.step(direction),
      again: () => this.#again(),
      nextMatch: (direction) => this.#matches.go(direction),
      back: () => this.#opener.back(),
    })
    window.addEventListener('focus', () => this.#focusLists())
  }

  /** Renders the page in `into`, and asks the host for its run. */
  start(into: HTMLElement): void {
    into.append(this.#root, this.#attempt.element, this.#message, this.#shortcuts.help.element)
    this.#kept.read()
    this.#lists.mount()
    this.#detail.output.mount()
    this.#host.post({ type: 'ready' })
  }

  take(message: ToPage): void {
    switch (message.type) {
      case 'attempt':
        this.#attempt.render(message)
        this.#showOnly(this.#attempt.element)
        break
      case 'snapshot':
        this.#model.take(message)
        setAttributes(document.body, { 'data-vscode-context': JSON.stringify({ ec2Run: message.run.runId }) })
        this.#showOnly(this.#root)
        this.#resume()
        this.#showSoon()
        break
      case 'delta':
        if (!this.#model.take(message)) this.#host.post({ type: 'ready' })
        else {
          this.#openOnly()
          this.#showSoon()
        }
        break
      case 'output':
        this.#detail.output.take(message)
        break
      case 'table':
        this.#lists.table.take(message)
        break
      case 'picked':
        if (message.use === 'group') this.#lists.groupBy(message.text)
        else this.#lists.table.addColumn(message.text)
        break
      case 'sighting':
        this.#detail.silence.take(message)
        break
      case 'search':
        this.#search.take(message)
        break
      case 'found':
        if (!this.#detail.output.takeFound(message)) this.#matches.goOn()
        break
      case 'show-only':
        this.#only.narrow(message.agents)
        break
      case 'not-kept':
        this.#showOnly(this.#message)
        this.#message.replaceChildren(element('p', {}, message.reason))
    }
  }

  /** Restores the state from before a reload, or what the host forgot while the page was hidden. */
  #resume(): void {
    const isRestored = this.#kept.restore({
      render: () => this.#render(),
      open: (row, scrollTop) => this.#opener.open(row, scrollTop),
    })
    const isFirst = !this.#isOpened
    this.#isOpened = true
    this.#hasOpened ||= isRestored || this.#model.run?.view !== undefined
    if (isRestored) return
    if (isFirst && this.#model.run?.view !== undefined) this.#lists.show(this.#model.run.view)
    this.#detail.output.reopen()
    this.#lists.reopen()
    this.#search.repeat()
    this.#openOnly()
  }

  /** With one agent or, in the end, one group, its output has the free space at once. */
  #openOnly(): void {
    this.#hasOpened ||= this.#detail.selected !== undefined
    const only = this.#model.only()
    if (this.#hasOpened || only === undefined) return
    this.#hasOpened = true
    this.#opener.open(only)
  }

  #showSoon(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined
      this.#render()
    })
  }

  /** Updates what shows time that passes. */
  #tick(): void {
    if (this.#model.run?.phase === 'over') return
    for (const part of [this.#header, this.#banner, this.#rollout, this.#detail.silence]) part.tick()
  }

  #render(): void {
    this.#header.render()
    this.#banner.render()
    this.#rollout.render()
    this.#progress.render()
    this.#lists.render()
    if (!this.#detail.render()) this.#opener.close()
    this.#announcer.render(performance.now())
    this.#focusLists()
  }

  #showOnly(wanted: HTMLElement): void {
    // What the document said until the page had something to show.
    document.querySelector('body > .first')?.remove()
    for (const part of [this.#root, this.#attempt.element, this.#message]) show(part, part === wanted)
  }

  /** Where the focus is on nothing, it goes to the rows; it is not taken from the editor. */
  #focusLists(): void {
    const isNowhere = document.hasFocus() && document.activeElement === document.body
    if (isNowhere && !this.#root.hidden) this.#lists.focusRows()
  }

  #again(): void {
    const { run } = this.#model
    if (run !== undefined && (run.phase === 'over' || !run.live))
      this.#host.post({ type: 'run-again', on: { kind: 'all' } })
  }
}
