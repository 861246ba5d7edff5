import type { FromPage } from '../src/page/fromPage.ts'
import type { AttemptNews } from '../src/page/toPage.ts'
import { visibleNodes } from './lineSpans.ts'
import { element, setText } from './ui/dom.ts'
import { button, enable } from './ui/toolkit.ts'
import { t } from './words.ts'

/** A run that is not sent yet: its command, what is being done, or why it was not sent and what to do about it. */
export class AttemptPane {
  readonly element: HTMLElement
  readonly #ask: (request: FromPage) => void
  readonly #where = element('p', { class: 'attempt-where' })
  readonly #command = element('h1', { class: 'attempt-command' })
  readonly #status = element('p', { class: 'attempt-status', role: 'status' })
  readonly #reason = element('p', { class: 'attempt-reason', role: 'alert' })
  readonly #cancel: HTMLElement
  readonly #actions = element('div', { class: 'attempt-actions' })
  #shown = ''

  constructor(ask: (request: FromPage) => void) {
    this.#ask = ask
    this.#cancel = button({ label: t('Cancel'), icon: 'close', onPress: () => ask({ type: 'cancel' }) })
    this.element = element(
      'main',
      { class: 'attempt', hidden: true },
      ...[this.#where, this.#command, this.#status, this.#reason, this.#actions],
    )
  }

  render({ environment, targets, action, state }: AttemptNews): void {
    this.#where.replaceChildren(
      element('span', { class: 'environment' }, environment.name),
      element('code', { class: 'filter' }, ...visibleNodes(targets)),
    )
    this.#command.replaceChildren(element('code', {}, ...visibleNodes(action.text)))
    const isUnderWay = state.kind === 'under-way'
    const status =
      isUnderWay && state.stopping ? t('Cancelling…') : isUnderWay ? state.status : t('Nothing was sent.')
    setText(this.#status, status)
    setText(this.#reason, isUnderWay ? '' : state.reason)
    enable(this.#cancel, isUnderWay && !state.stopping)
    // Buttons that are replaced would lose the focus.
    const wanted = JSON.stringify(isUnderWay ? 'cancel' : state.actions)
    if (wanted === this.#shown) return
    this.#shown = wanted
    this.#actions.replaceChildren(...(isUnderWay ? [this.#cancel] : this.#remedies(state.actions)))
  }

  #remedies(labels: readonly string[]): HTMLElement[] {
    return [
      button({
        ...{ label: t('Review and run again'), icon: 'again', kind: 'primary' },
        onPress: () => this.#ask({ type: 'attempt-again' }),
      }),
      ...labels.map((label, index) =>
        button({ label, onPress: () => this.#ask({ type: 'attempt-action', index }) }),
      ),
    ]
  }
}
