import type { FromPage } from '../src/page/fromPage.ts'
import type { RunHeader } from '../src/page/toPage.ts'
import { formatCount, formatDuration, formatTime, senderWords } from './format.ts'
import { HeaderMenus } from './headerMenus.ts'
import { visibleNodes } from './lineSpans.ts'
import type { RunModel } from './runModel.ts'
import { element, setText, show } from './ui/dom.ts'
import { icon } from './ui/icons.ts'
import { menuButton } from './ui/menuButton.ts'
import { button } from './ui/toolkit.ts'
import { t } from './words.ts'

/** The command, its targets, time and issuer, and the actions for the whole run. */
export class Header {
  readonly element: HTMLElement
  readonly #model: RunModel
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
    const menus = new HeaderMenus(model, ask)
    this.#again = menuButton({ label: t('Run again'), icon: 'again', items: () => menus.againItems() })
    const other = menuButton({
      label: t('Run another command'),
      icon: 'command',
      items: () => menus.otherItems(),
    })
    const copy = menuButton({ label: t('Copy'), icon: 'copy', items: () => menus.copyItems() })
    const more = menuButton({ label: t('More'), icon: 'more', kind: 'icon', items: () => menus.moreItems() })
    const save = menuButton({ label: t('Export'), icon: 'export', items: () => menus.exportItems() })
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
        ...[pause, resume, stop, cancel, this.#again, other, copy, save, more],
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
      ...(run.elsewhere ? [t('in progress in another window, where it can be paused')] : []),
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
    const rollsOut =
      steers && run.elsewhere !== true && run.rollout !== undefined && run.rollout.started < run.rollout.steps
    show(pause, rollsOut && run.phase === 'running')
    show(resume, rollsOut && run.phase === 'paused')
    show(stop, rollsOut)
    show(cancel, steers)
    cancel.toggleAttribute('disabled', run.cancelling)
    show(this.#again, !steers)
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
