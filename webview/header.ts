import type { FromPage, Subset } from '../src/page/fromPage.ts'
import type { RunHeader } from '../src/page/toPage.ts'
import { formatCount, formatDuration, formatTime, senderWords } from './format.ts'
import { visibleNodes } from './lineSpans.ts'
import type { RunModel } from './runModel.ts'
import { subsetItems } from './subsetItems.ts'
import { element, setText, show } from './ui/dom.ts'
import { icon } from './ui/icons.ts'
import { type MenuItem, menuButton } from './ui/menuButton.ts'
import { button } from './ui/toolkit.ts'
import { t } from './words.ts'

/** The command, its targets, time and issuer, and the actions for the whole run. */
export class Header {
  readonly element: HTMLElement
  readonly #model: RunModel
  readonly #ask: (request: FromPage) => void
  readonly #where = element('div', { class: 'head-where' })
  readonly #command = element('h1', { class: 'head-command' })
  readonly #meta = element('span', {})
  readonly #took = element('span', { class: 'head-took' })
  readonly #steering: Record<'pause' | 'resume' | 'stop' | 'cancel', HTMLElement>
  readonly #again: HTMLElement
  #clockOffsetMs = 0
  #shown: RunHeader | undefined

  constructor(model: RunModel, ask: (request: FromPage) => void) {
    this.#model = model
    this.#ask = ask
    this.#steering = {
      pause: button({
        label: t('Pause'),
        icon: 'pause',
        hint: t('Do not start the next step of the rollout'),
        onPress: () => ask({ type: 'pause' }),
      }),
      resume: button({
        label: t('Continue'),
        icon: 'resume',
        kind: 'primary',
        hint: t('Show the rest of the rollout, and continue it after you confirm'),
        onPress: () => ask({ type: 'resume' }),
      }),
      stop: button({
        label: t('Stop rollout'),
        icon: 'stop',
        hint: t('Running agents finish; the other agents do not start'),
        onPress: () => ask({ type: 'stop' }),
      }),
      cancel: button({
        label: t('Cancel run'),
        icon: 'close',
        hint: t('Ask every agent that has not finished to stop the command'),
        onPress: () => ask({ type: 'cancel' }),
      }),
    }
    this.#again = menuButton({ label: t('Run again'), icon: 'again', items: () => this.#againItems() })
    const other = menuButton({
      label: t('Run another command'),
      icon: 'command',
      items: () => this.#otherItems(),
    })
    const copy = menuButton({ label: t('Copy'), icon: 'copy', items: () => this.#copyItems() })
    const save = menuButton({ label: t('Export'), icon: 'export', items: () => this.#exportItems() })
    const { pause, resume, stop, cancel } = this.#steering
    this.element = element(
      'header',
      { class: 'head' },
      element(
        'div',
        { class: 'head-text' },
        this.#where,
        this.#command,
        element('div', { class: 'head-meta' }, this.#meta, this.#took),
      ),
      element(
        'div',
        { class: 'head-actions', role: 'group', 'aria-label': t('Run') },
        ...[pause, resume, stop, cancel, this.#again, other, copy, save],
      ),
    )
  }

  render(): void {
    const { run } = this.#model
    if (run === undefined) return
    if (run !== this.#shown) this.#renderRun(run)
    this.#shown = run
    this.tick()
  }

  /** Updates the time that it has been running. */
  tick(): void {
    const { run } = this.#model
    if (run === undefined) return
    const tookMs = (run.endedAt ?? Date.now() + this.#clockOffsetMs) - run.startedAt
    const shown = run.endedAt === undefined ? Math.floor(Math.max(0, tookMs) / 1000) * 1000 : tookMs
    setText(
      this.#took,
      run.endedAt === undefined ? t('running for {0}', seconds(shown)) : t('took {0}', formatDuration(shown)),
    )
  }

  #renderRun(run: RunHeader): void {
    this.#clockOffsetMs = run.now - Date.now()
    const { environment, action, issuer, targets } = run
    const colour = environment.colour ?? (environment.protected ? 'red' : undefined)
    if (colour === undefined) delete document.body.dataset.colour
    else document.body.dataset.colour = colour
    this.#where.replaceChildren(
      element(
        'span',
        { class: 'environment' },
        element('span', { class: 'environment-dot' }),
        environment.name,
      ),
      ...(environment.protected
        ? [
            element(
              'span',
              { class: 'protected', title: t('You type its name to confirm a run') },
              icon('shield'),
              t('protected'),
            ),
          ]
        : []),
      element('code', { class: 'filter', title: targets }, ...visibleNodes(targets)),
    )
    const [first = '', ...more] = action.text.split('\n')
    this.#command.replaceChildren(
      element('span', { class: 'prompt', 'aria-hidden': 'true' }, prompts[action.kind]),
      element('code', { title: action.text.slice(0, 2000) }, ...visibleNodes(first)),
      ...(more.length > 0
        ? [
            element(
              'span',
              { class: 'more' },
              `+ ${more.length === 1 ? t('1 line') : t('{0} lines', formatCount(more.length))}`,
            ),
          ]
        : []),
    )
    const parts = [
      t('{0} on {1}', issuer.name, issuer.host),
      ...senderWords(run),
      formatTime(run.startedAt, run.now),
      ...action.details,
      t('timeout {0}', formatDuration(run.timeoutMs)),
      ...(run.rollout === undefined ? [] : [rolloutWords(run)]),
      ...(run.stopReason === undefined ? [] : [t('stopped: {0}', run.stopReason)]),
      ...(run.pauseReason === undefined ? [] : [t('paused: {0}', run.pauseReason)]),
    ]
    this.#meta.replaceChildren(
      ...(run.hidden ?? []).map((part) =>
        element('span', { class: 'meta-part hidden-command' }, ...visibleNodes(part)),
      ),
      ...parts.map((part) => element('span', { class: 'meta-part' }, ...visibleNodes(part))),
    )
    const steers = run.live && run.phase !== 'over'
    const { pause, resume, stop, cancel } = this.#steering
    const rollsOut = steers && run.rollout !== undefined && run.rollout.started < run.rollout.steps
    show(pause, rollsOut && run.phase === 'running')
    show(resume, rollsOut && run.phase === 'paused')
    show(stop, rollsOut)
    show(cancel, steers)
    cancel.toggleAttribute('disabled', run.cancelling)
    show(this.#again, !steers)
  }

  #againItems(): MenuItem[][] {
    const again = (on: Subset) => this.#ask({ type: 'run-again', on })
    return [
      [{ label: t('On all agents that match now'), onPick: () => again({ kind: 'all' }) }],
      subsetItems(this.#model, again),
    ]
  }

  #otherItems(): MenuItem[][] {
    const other = (on: Subset) => this.#ask({ type: 'run-other', on })
    const { total } = this.#model
    return [
      [
        {
          label: t('On all agents of this run'),
          detail: formatCount(total),
          enabled: total > 0,
          onPick: () => other({ kind: 'all' }),
        },
      ],
      subsetItems(this.#model, other),
    ]
  }

  #copyItems(): MenuItem[][] {
    const shown = this.#model.shown().map(({ id }) => id)
    const hosts = (folded: boolean) => this.#ask({ type: 'copy-hosts', of: { agents: shown }, folded })
    const detail = formatCount(shown.length)
    return [
      [
        {
          label: t('Hosts shown, one per line'),
          detail,
          enabled: shown.length > 0,
          onPick: () => hosts(false),
        },
        { label: t('Hosts shown, folded'), detail, enabled: shown.length > 0, onPick: () => hosts(true) },
      ],
      [{ label: t('Command'), onPick: () => this.#ask({ type: 'copy-command' }) }],
    ]
  }

  #exportItems(): MenuItem[][] {
    const save = (label: string, detail: string, format: 'json' | 'ndjson' | 'csv' | 'text'): MenuItem => ({
      ...{ label, detail },
      onPick: () => this.#ask({ type: 'export', format }),
    })
    return [
      [
        save('JSON', t('everything'), 'json'),
        save('NDJSON', t('one agent per line'), 'ndjson'),
        save('CSV', t('for spreadsheets'), 'csv'),
        save(t('Text'), t('readable text'), 'text'),
      ],
    ]
  }
}

const prompts: Record<RunHeader['action']['kind'], string> = {
  shell: '$',
  script: '#!',
  ping: '›',
  facts: '›',
}

function seconds(ms: number): string {
  return ms < 60_000 ? t('{0} s', Math.round(ms / 1000)) : formatDuration(ms)
}

function rolloutWords({ rollout, phase }: RunHeader): string {
  if (rollout === undefined) return ''
  const { steps, started, canary } = rollout
  const step = canary && started <= 1 ? t('canary') : t('step {0} of {1}', started, steps)
  return phase === 'paused' ? t('paused at {0}', step) : step
}
