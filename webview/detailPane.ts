import type { FromPage, Subset } from '../src/page/fromPage.ts'
import type { AgentRow, GroupRow } from '../src/page/toPage.ts'
import { isVerdict } from '../src/protocol/verdict.ts'
import { agentFacts, groupFacts } from './detailFacts.ts'
import { visibleNodes } from './lineSpans.ts'
import { menuAttribute, outputMenu } from './menuContexts.ts'
import type { Metrics } from './metrics.ts'
import { OutputPane } from './outputPane.ts'
import { stateCell } from './rowCells.ts'
import type { RunModel } from './runModel.ts'
import type { Selected } from './selected.ts'
import { SilenceNote } from './silenceNote.ts'
import { Toggle } from './toggle.ts'
import { element, setAttributes, setText, show } from './ui/dom.ts'
import { type MenuItem, menuButton } from './ui/menuButton.ts'
import { button } from './ui/toolkit.ts'
import { t } from './words.ts'

/** One reply in full: how it ended, and its output. */
export class DetailPane {
  readonly element: HTMLElement
  readonly output: OutputPane
  readonly silence: SilenceNote
  readonly #model: RunModel
  readonly #ask: (request: FromPage) => void
  readonly #state = stateCell()
  readonly #title = element('h2', { class: 'detail-title' })
  readonly #facts = element('div', { class: 'detail-facts' })
  readonly #note = element('div', { class: 'detail-note', hidden: true })
  readonly #compare: HTMLElement
  readonly wrap: Toggle
  readonly format: Toggle
  readonly #again: HTMLElement
  #selected: Selected | undefined

  constructor(
    model: RunModel,
    metrics: Metrics,
    ask: (request: FromPage) => void,
    on: { close(): void; toggle(): void; compare(of: Selected, name: string): void },
  ) {
    this.#model = model
    this.#ask = ask
    this.output = new OutputPane(metrics, ask)
    this.silence = new SilenceNote(model, ask)
    this.#compare = menuButton({
      label: t('Compare'),
      icon: 'diff',
      kind: 'icon',
      isNamed: true,
      items: () => [this.#compareItems(on.compare)],
    })
    this.#again = button({
      label: t('Run again here'),
      icon: 'again',
      kind: 'icon',
      isNamed: true,
      onPress: () => this.#runAgain(),
    })
    this.wrap = new Toggle({
      label: t('Wrap long lines'),
      icon: 'wrap',
      apply: (isOn) => this.output.wrap(isOn),
      onPress: on.toggle,
    })
    this.format = new Toggle({
      label: t('Format JSON and tables'),
      icon: 'format',
      apply: (isOn) => this.output.format(isOn),
      onPress: on.toggle,
    })
    const actions = element(
      'div',
      { class: 'detail-actions', role: 'group', 'aria-label': t('Reply') },
      this.wrap.element,
      this.format.element,
      this.#compare,
      button({
        label: t('Open as a document'),
        icon: 'document',
        kind: 'icon',
        onPress: () => this.#asked((of) => ({ type: 'open-output', of })),
      }),
      menuButton({ label: t('Copy'), icon: 'copy', kind: 'icon', items: () => [this.#copyItems()] }),
      this.#again,
      button({
        label: t('Run another command here…'),
        icon: 'command',
        kind: 'icon',
        onPress: () => this.#asked((of) => ({ type: 'run-other', on: subsetOf(of) })),
      }),
      button({ label: t('Close'), icon: 'close', kind: 'icon', onPress: on.close }),
    )
    this.element = element(
      'section',
      { class: 'detail', 'aria-label': t('Reply'), hidden: true },
      element(
        'div',
        { class: 'detail-head' },
        element('div', { class: 'detail-line' }, this.#title, actions),
        this.#facts,
        this.#note,
        this.silence.element,
      ),
      this.output.element,
    )
  }

  get selected(): Selected | undefined {
    return this.#selected
  }

  /** Opens a reply, or closes what is open. */
  select(selected: Selected | undefined, scrollTop = 0): void {
    this.#selected = selected
    show(this.element, selected !== undefined)
    setAttributes(this.element, menuAttribute(selected && outputMenu(selected)))
    if (selected === undefined) {
      this.output.close()
      this.silence.render(undefined)
      return
    }
    const agent = this.#agent()
    const label = agent?.host ?? this.#group()?.hosts ?? ''
    this.output.open(selected, label, { follow: agent?.state === 'running', scrollTop })
    this.render()
  }

  /** Where the page is one column that scrolls, the reply is below the lists. */
  reveal(): void {
    this.element.scrollIntoView({ block: 'nearest' })
  }

  /** Updates the state of the reply. Returns false if the open reply no longer exists. */
  render(): boolean {
    if (this.#selected === undefined) return true
    const agent = this.#agent()
    const group = this.#group()
    const reply = agent ?? group
    if (reply === undefined) return false
    this.#state.render(reply.state)
    setText(this.#title, agent?.host ?? group?.hosts ?? '')
    this.#title.title = this.#title.textContent ?? ''
    const facts =
      agent === undefined ? groupFacts(group as GroupRow, this.#model.groups.total === 1) : agentFacts(agent)
    const text = facts.join(' · ')
    if (this.#facts.dataset.text !== text || this.#facts.firstChild !== this.#state.element) {
      this.#facts.dataset.text = text
      this.#facts.replaceChildren(this.#state.element, element('span', {}, text))
    }
    this.silence.render(agent ?? this.#onlyAgentOf(group))
    show(this.#note, reply.note !== undefined)
    if (reply.note !== undefined && this.#note.textContent !== reply.note) {
      this.#note.replaceChildren(...visibleNodes(reply.note))
    }
    show(this.#compare, this.#model.total > 1 && (isVerdict(reply.state) || reply.bytes > 0))
    show(this.#again, this.#model.run?.phase === 'over' || this.#model.run?.live === false)
    return true
  }

  #agent(): AgentRow | undefined {
    return this.#selected !== undefined && 'agent' in this.#selected
      ? this.#model.row(this.#selected.agent)
      : undefined
  }

  #group(): GroupRow | undefined {
    return this.#selected !== undefined && 'group' in this.#selected
      ? this.#model.group(this.#selected.group)
      : undefined
  }

  /** The agent of a group that has no other. */
  #onlyAgentOf(group: GroupRow | undefined): AgentRow | undefined {
    if (group?.count !== 1) return undefined
    for (const row of this.#model.rows()) if (row.group === group.id) return row
    return undefined
  }

  #asked(request: (of: Selected) => FromPage): void {
    if (this.#selected !== undefined) this.#ask(request(this.#selected))
  }

  #runAgain(): void {
    this.#asked((of) => ({ type: 'run-again', on: subsetOf(of) }))
  }

  #compareItems(choose: (of: Selected, name: string) => void): MenuItem[] {
    const majority = this.#model.groups.rows.find((row) => row.majority)
    const own = this.#group()?.id ?? this.#agent()?.group
    return [
      {
        label: t('With the majority'),
        enabled: majority !== undefined && majority.id !== own,
        onPick: () => this.#asked((of) => ({ type: 'diff', of })),
      },
      {
        label: t('With the run before'),
        enabled: this.#agent() !== undefined,
        onPick: () =>
          this.#asked((of) => ({ type: 'compare-before', ...('agent' in of ? { agent: of.agent } : {}) })),
      },
      {
        label: t('With another reply…'),
        onPick: () => this.#selected && choose(this.#selected, this.#title.textContent ?? ''),
      },
    ]
  }

  #copyItems(): MenuItem[] {
    const hosts = (folded: boolean) =>
      this.#asked((of) => ({
        type: 'copy-hosts',
        of: 'group' in of ? of : { agents: [of.agent] },
        folded,
      }))
    const group = this.#group()
    return [
      { label: t('Output'), onPick: () => this.#asked((of) => ({ type: 'copy-output', of })) },
      ...(group === undefined
        ? [{ label: t('Host name'), onPick: () => hosts(false) }]
        : [
            { label: t('Hosts, one per line'), onPick: () => hosts(false) },
            { label: t('Hosts, folded'), onPick: () => hosts(true) },
          ]),
    ]
  }
}

function subsetOf(of: Selected): Subset {
  return 'group' in of ? { kind: 'group', group: of.group } : { kind: 'agents', agents: [of.agent] }
}
