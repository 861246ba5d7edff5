import type { FromPage } from '../src/page/fromPage.ts'
import type { RunHeader } from '../src/page/runHeader.ts'
import { formatDuration, formatTime, senderWords } from './format.ts'
import { HeadCommand } from './headCommand.ts'
import { visibleNodes } from './lineSpans.ts'
import { RunActions } from './runActions.ts'
import type { RunModel } from './runModel.ts'
import { runTimeWords } from './runTimes.ts'
import { element, setText } from './ui/dom.ts'
import { icon } from './ui/icons.ts'
import { t } from './words.ts'

/** The command, its targets, time and issuer, and the actions for the whole run. */
export class Header {
  readonly element: HTMLElement
  readonly #model: RunModel
  readonly #actions: RunActions
  readonly #where = element('div', { class: 'head-where' })
  readonly #command = new HeadCommand()
  readonly #meta = element('span', {})
  readonly #took = element('span', { class: 'head-took' })
  #shown: RunHeader | undefined

  constructor(model: RunModel, ask: (request: FromPage) => void) {
    this.#model = model
    this.#actions = new RunActions(model, ask)
    this.element = element(
      'header',
      { class: 'head' },
      element(
        'div',
        { class: 'head-text' },
        this.#where,
        this.#command.element,
        element('div', { class: 'head-meta' }, this.#meta, this.#took),
      ),
      this.#actions.element,
    )
  }

  render(): void {
    const { run } = this.#model
    if (run === undefined) return
    if (run !== this.#shown) this.#renderRun(run)
    this.#shown = run
    this.tick()
  }

  /** Updates the times of a run in progress. */
  tick(): void {
    const { run } = this.#model
    if (run !== undefined) setText(this.#took, runTimeWords(run, this.#model, this.#model.now()).join(' · '))
  }

  #renderRun(run: RunHeader): void {
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
    this.#command.show(action)
    const parts = [
      t('{0} on {1}', issuer.name, issuer.host),
      ...senderWords(run),
      formatTime(run.startedAt, run.now),
      ...action.details,
      t('timeout {0}', formatDuration(run.timeoutMs)),
      ...(run.elsewhere ? [t('in progress in another window, where it can be paused')] : []),
      // Of a rollout, the rail says that.
      ...(run.stopReason === undefined || run.rollout !== undefined
        ? []
        : [t('stopped: {0}', run.stopReason)]),
    ]
    this.#meta.replaceChildren(
      ...(run.hidden ?? []).map((part) =>
        element('span', { class: 'meta-part hidden-command' }, ...visibleNodes(part)),
      ),
      ...parts.map((part) => element('span', { class: 'meta-part' }, ...visibleNodes(part))),
    )
    this.#actions.render(run)
  }
}
